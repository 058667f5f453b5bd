/** The address of Home. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { parseHomeSearch } from './address.ts';

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: parseHomeSearch,
  component: lazyRouteComponent(() => import('./home.tsx'), 'Homes'),
});

export const homeRoutes = [homeRoute] as const;
