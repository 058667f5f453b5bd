/** Address of the models: one of them is on show. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, type SearchRecord, switchOf, textOf } from '../shell/search-params.ts';

export const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  validateSearch: (search: SearchRecord) =>
    compact({ model: textOf(search, 'model'), train: switchOf(search, 'train') }),
  component: lazyRouteComponent(() => import('./models-page.tsx'), 'ModelsPage'),
});

export const modelRoutes = [modelsRoute] as const;
