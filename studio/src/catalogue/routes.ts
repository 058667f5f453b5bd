/** Addresses of the catalogue: its list, and one item. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, oneOf, type SearchRecord, textOf } from '../shell/search-params.ts';
import { KINDS } from './kinds.ts';

export const catalogueRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/catalogue',
  validateSearch: (search: SearchRecord) => compact({ q: textOf(search, 'q'), kind: oneOf(search, 'kind', KINDS) }),
  component: lazyRouteComponent(() => import('./catalogue-page.tsx'), 'CataloguePage'),
});

export const itemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/catalogue/$itemId',
  component: lazyRouteComponent(() => import('./item-page.tsx'), 'ItemPage'),
});

export const catalogueRoutes = [catalogueRoute, itemRoute] as const;
