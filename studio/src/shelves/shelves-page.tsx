/** The page “Shelves”. */
import { PageMain } from '../shell/page-main.tsx';

export function ShelvesPage() {
  return (
    <PageMain title="Shelves">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
