/** Addresses of the shelves: declarations with their figures, and the editors' campaigns. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';

export const shelvesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/shelves',
  component: lazyRouteComponent(() => import('./shelves-page.tsx'), 'ShelvesPage'),
});

export const shelfRoutes = [shelvesRoute] as const;
