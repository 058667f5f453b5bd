/** Addresses of the listeners: the list, and one of them with the part of its page that is open. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, oneOf, type SearchRecord, textOf } from '../shell/search-params.ts';
import { PARTS } from './parts.ts';

export const listenersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/listeners',
  validateSearch: (search: SearchRecord) => compact({ q: textOf(search, 'q') }),
  component: lazyRouteComponent(() => import('./listeners-page.tsx'), 'ListenersPage'),
});

export const listenerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/listeners/$listenerId',
  validateSearch: (search: SearchRecord) =>
    compact({ part: oneOf(search, 'part', PARTS), decision: textOf(search, 'decision') }),
  component: lazyRouteComponent(() => import('./listener-page.tsx'), 'ListenerPage'),
});

export const listenerRoutes = [listenersRoute, listenerRoute] as const;
