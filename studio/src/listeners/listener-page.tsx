/** The page “Listener”. */
import { PageMain } from '../shell/page-main.tsx';

export function ListenerPage() {
  return (
    <PageMain title="Listener">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
