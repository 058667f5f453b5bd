/** Addresses of the shelves: declarations with their figures, and the editors' campaigns. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, oneOf, type SearchRecord, textOf } from '../shell/search-params.ts';

/** The parts of the page. */
export const PARTS = ['figures', 'campaigns'] as const;
export type Part = (typeof PARTS)[number];

/** Spans of the figures. */
export const SPANS = ['today', 'week', 'fortnight', 'all'] as const;
export type Span = (typeof SPANS)[number];

export const shelvesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/shelves',
  validateSearch: (search: SearchRecord) =>
    compact({
      part: oneOf(search, 'part', PARTS),
      span: oneOf(search, 'span', SPANS),
      shelf: textOf(search, 'shelf'),
      campaign: textOf(search, 'campaign'),
    }),
  component: lazyRouteComponent(() => import('./shelves-page.tsx'), 'ShelvesPage'),
});

export const shelfRoutes = [shelvesRoute] as const;
