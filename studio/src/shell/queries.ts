/** What the pages have asked the platform, kept for a while. */
import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './api.ts';

/** A platform that is still starting is waited for; any other failure is shown at once, with a button to try again. */
const STARTING_RETRIES = 60;
const RETRY_MS = 2000;

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, failure) => failure instanceof ApiProblem && failure.status === 503 && count < STARTING_RETRIES,
        retryDelay: RETRY_MS,
        refetchOnWindowFocus: false,
      },
    },
  });
}
