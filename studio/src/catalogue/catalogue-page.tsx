/** The page “Catalogue”. */
import { PageMain } from '../shell/page-main.tsx';

export function CataloguePage() {
  return (
    <PageMain title="Catalogue">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
