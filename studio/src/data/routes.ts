/** Address of the platform's own data: what is on show of it, and how. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { readSearch } from './address.ts';

export const dataRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./data-page.tsx'), 'DataPage'),
});

export const dataRoutes = [dataRoute] as const;
