/** One listener: what is remembered, what happened, what was decided. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ApiProblem, fetchListener } from '../shell/api.ts';
import { Avatar } from '../shell/avatar.tsx';
import { BackIcon, HomeIcon } from '../shell/icons.tsx';
import { listenerName } from '../shell/identity.ts';
import { PageMain } from '../shell/page-main.tsx';
import parts from '../shell/parts.module.css';
import { languageName, marketName } from '../shell/profile.ts';
import { Failure } from '../shell/states.tsx';
import { Decisions } from './decisions.tsx';
import styles from './listener-page.module.css';
import { PARTS, type Part } from './parts.ts';
import { State } from './state.tsx';
import { TimelineList } from './timeline.tsx';

const route = getRouteApi('/listeners/$listenerId');

const PART_NAMES: Readonly<Record<Part, string>> = {
  state: 'What is remembered',
  timeline: 'Events',
  decisions: 'Decisions',
};

export function ListenerPage() {
  const { listenerId } = route.useParams();
  const { part = 'state' } = route.useSearch();
  const { data, error, refetch } = useQuery({
    queryKey: ['listener', listenerId],
    queryFn: () => fetchListener(listenerId),
  });
  const profile = data?.profile;
  const facts =
    profile === undefined
      ? []
      : [
          profile.tier,
          profile.market === undefined ? undefined : marketName(profile.market),
          profile.language === undefined ? undefined : languageName(profile.language),
          profile.ageBand === 'kid' ? 'a kids’ profile' : undefined,
          profile.explicitAllowed === false ? 'nothing explicit' : undefined,
        ].filter((fact) => fact !== undefined);
  const unknown = data === null;
  return (
    <PageMain
      title={listenerName(listenerId)}
      lead={data === undefined ? '\u00a0' : unknown ? 'Not met yet.' : facts.join(' · ')}
      picture={<Avatar id={listenerId} size={72} />}
      above={
        <Link to="/listeners" className={styles.back}>
          <BackIcon /> Listeners
        </Link>
      }
      actions={
        <Button
          renderRoot={(props) => <Link to="/" search={{ listener: listenerId }} {...props} />}
          leftSection={<HomeIcon />}
          radius="xl"
          size="md"
        >
          Open the Home
        </Button>
      }
    >
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : unknown ? (
        <Failure
          failure={
            new ApiProblem(
              'LISTENER_NOT_FOUND',
              404,
              'The platform has not met this listener.',
              'Open the Home: whoever is new gets one, and is known from then on.',
            )
          }
          onRetry={() => void refetch()}
        />
      ) : (
        <>
          <nav className={parts.parts} aria-label="Parts of this page">
            {PARTS.map((name) => (
              <Link
                key={name}
                to="/listeners/$listenerId"
                params={{ listenerId }}
                search={name === 'state' ? {} : { part: name }}
                replace
                resetScroll={false}
                aria-current={name === part ? 'page' : undefined}
                activeOptions={{ exact: true, includeSearch: true }}
              >
                {PART_NAMES[name]}
              </Link>
            ))}
          </nav>
          {part === 'state' && <State listenerId={listenerId} />}
          {part === 'timeline' && <TimelineList listenerId={listenerId} />}
          {part === 'decisions' && <Decisions listenerId={listenerId} />}
        </>
      )}
    </PageMain>
  );
}
