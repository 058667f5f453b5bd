/** An address that leads nowhere, and a page that broke. */
import { Button } from '@mantine/core';
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { useTitle } from './page-main.tsx';
import { Failure, Message } from './states.tsx';

export function NoSuchPage() {
  useTitle('No such page');
  return (
    <main id="main" tabIndex={-1}>
      <Message title="No such page" text="This address leads nowhere." remedy="Start from the Home, or search with ⌘K.">
        <Button component={Link} to="/" radius="xl">
          To the Home
        </Button>
      </Message>
    </main>
  );
}

export function PageFailure({ error, reset }: ErrorComponentProps) {
  return (
    <main id="main" tabIndex={-1}>
      <Failure failure={error} onRetry={reset} />
    </main>
  );
}
