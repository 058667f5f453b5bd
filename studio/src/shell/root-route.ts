/** The route that all pages stand below: the shell around them. Rooms take it as the parent of their own routes. */
import { createRootRoute } from '@tanstack/react-router';
import { Layout } from './layout.tsx';
import { NoSuchPage, PageFailure } from './no-such-page.tsx';

export const rootRoute = createRootRoute({
  component: Layout,
  notFoundComponent: NoSuchPage,
  errorComponent: PageFailure,
});
