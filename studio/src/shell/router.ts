/** The pages of the Studio and their addresses. Each room declares its own routes; a page's code is loaded when it is opened. */
import { createRouter } from '@tanstack/react-router';
import { catalogueRoutes } from '../catalogue/routes.ts';
import { dataRoutes } from '../data/routes.ts';
import { homeRoutes } from '../home/routes.ts';
import { listenerRoutes } from '../listeners/routes.ts';
import { liveRoutes } from '../live/routes.ts';
import { modelRoutes } from '../models/routes.ts';
import { shelfRoutes } from '../shelves/routes.ts';
import { whatIfRoutes } from '../what-if/routes.ts';
import { rootRoute } from './root-route.ts';
import { formatSearch, parseSearch } from './search-params.ts';

const tree = rootRoute.addChildren([
  ...homeRoutes,
  ...listenerRoutes,
  ...catalogueRoutes,
  ...shelfRoutes,
  ...modelRoutes,
  ...whatIfRoutes,
  ...dataRoutes,
  ...liveRoutes,
]);

export function createStudioRouter() {
  return createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch: formatSearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createStudioRouter>;
  }
}
