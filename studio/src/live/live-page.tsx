/** The page “Live”. */
import { PageMain } from '../shell/page-main.tsx';

export function LivePage() {
  return (
    <PageMain title="Live">
      <p>Nothing here yet.</p>
    </PageMain>
  );
}
