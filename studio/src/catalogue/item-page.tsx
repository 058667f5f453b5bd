/** The page “Item”. */
import { PageMain } from '../shell/page-main.tsx';

export function ItemPage() {
  return (
    <PageMain title="Item">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
