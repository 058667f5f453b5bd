/** Addresses of what other policies would have done: compared over many decisions, and beside what was shown in one. The whole question is in them. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../shell/root-route.ts';
import { compact, oneOf, type SearchRecord, textOf } from '../shell/search-params.ts';
import { DIMENSIONS, DRAWS, RUNGS } from './question.ts';

export const whatIfRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/what-if',
  validateSearch: (search: SearchRecord) =>
    compact({
      policies: textOf(search, 'policies'),
      span: textOf(search, 'span'),
      by: oneOf(search, 'by', DIMENSIONS),
      rung: oneOf(search, 'rung', RUNGS),
      estimator: textOf(search, 'estimator'),
    }),
  component: lazyRouteComponent(() => import('./compare-page.tsx'), 'ComparePage'),
});

export const insteadRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/what-if/decision',
  validateSearch: (search: SearchRecord) =>
    compact({
      decision: textOf(search, 'decision'),
      policy: textOf(search, 'policy'),
      draw: oneOf(search, 'draw', DRAWS),
      again: textOf(search, 'again'),
      listener: textOf(search, 'listener'),
    }),
  component: lazyRouteComponent(() => import('./instead-page.tsx'), 'InsteadPage'),
});

export const whatIfRoutes = [whatIfRoute, insteadRoute] as const;
