/** The shelves of Home: what each does, its switch, and what editors put between them. */
import { getRouteApi, Link } from '@tanstack/react-router';
import { NoticeBar } from '../shell/notice-bar.tsx';
import { PageMain } from '../shell/page-main.tsx';
import parts from '../shell/parts.module.css';
import { useNotices } from '../shell/use-notices.ts';
import { Campaigns } from './campaigns.tsx';
import { Figures } from './figures.tsx';
import { PARTS, type Part } from './parts.ts';

const route = getRouteApi('/shelves');

const NAMES: Readonly<Record<Part, string>> = { figures: 'Declarations', campaigns: 'Campaigns' };
const LEADS: Readonly<Record<Part, string>> = {
  figures: 'What each shelf of Home does for listeners, and the switch that takes it away at once.',
  campaigns: 'Rows that editors put on Homes: for whom, for how long, and where.',
};

export function ShelvesPage() {
  const { part = 'figures' } = route.useSearch();
  const { notice, notify, dismiss } = useNotices();
  return (
    <PageMain title="Shelves" lead={LEADS[part]}>
      <nav className={parts.parts} aria-label="Parts of this page">
        {PARTS.map((name) => (
          <Link
            key={name}
            to="/shelves"
            search={name === 'figures' ? {} : { part: name }}
            replace
            resetScroll={false}
            aria-current={name === part ? 'page' : undefined}
            activeOptions={{ exact: true, includeSearch: true }}
          >
            {NAMES[name]}
          </Link>
        ))}
      </nav>
      {part === 'figures' ? <Figures notify={notify} /> : <Campaigns notify={notify} />}
      <NoticeBar notice={notice} onDone={dismiss} />
    </PageMain>
  );
}
