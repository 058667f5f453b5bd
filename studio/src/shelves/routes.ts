/** Addresses of the shelves: declarations with their figures, and the editors' campaigns. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, oneOf, type SearchRecord, textOf } from '../shell/search-params.ts';
import { PARTS, SPANS } from './parts.ts';

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
