/** The page “Listeners”. */
import { PageMain } from '../shell/page-main.tsx';

export function ListenersPage() {
  return (
    <PageMain title="Listeners">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
