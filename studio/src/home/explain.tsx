/** How a Home came about: the page's numbers, and each shelf's. Shown when `explain` is on. */
import type { Page, PageShelf } from '../../../src/server/contract.ts';
import { Chance, isExplored } from '../shell/chance.tsx';
import { percentText } from '../shell/times.ts';
import styles from './explain.module.css';

/** Stages shown at once: those that failed, then those that took longest. */
const SLOWEST = 6;

type PageExplain = NonNullable<Page['explain']>;

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

export function ShelfExplain({ shelf, page }: { readonly shelf: PageShelf; readonly page: PageExplain }) {
  const candidates = page.candidates.filter((entry) => entry.shelf === shelf.id);
  const removals = page.removals.filter((entry) => entry.shelf === shelf.id && entry.count > 0);
  return (
    <ul className={styles.facts} aria-label={`How ${shelf.title} came about`}>
      {shelf.explain !== undefined && (
        <li>
          <Chance {...shelf.explain} />
        </li>
      )}
      <li className={styles.fact}>{shelf.order === 'defined' ? 'order defined' : 'order by policy'}</li>
      {shelf.carried && <li className={styles.fact}>kept from your last visit</li>}
      {shelf.explain !== undefined && <li className={styles.fact}>value {shelf.explain.score.toFixed(2)}</li>}
      {candidates.map((entry) => (
        <li key={entry.shelf} className={styles.fact}>
          {plural(entry.count, 'candidate')}
        </li>
      ))}
      {removals.map((entry) => (
        <li key={entry.reason} className={styles.removal}>
          −{entry.count.toLocaleString('en')} {entry.reason}
        </li>
      ))}
    </ul>
  );
}

type Stage = PageExplain['stages'][number];

function sum(stages: readonly Stage[]): number {
  return stages.reduce((total, stage) => total + stage.ms, 0);
}

interface StagesProps {
  readonly stages: readonly Stage[];
  readonly longestMs: number;
  readonly label: string;
}

function Stages({ stages, longestMs, label }: StagesProps) {
  return (
    <ol aria-label={label}>
      {stages.map((stage, at) => (
        // Two stages of one name may stand at different places; places do not move.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the stage's identity
        <li key={`${at} ${stage.stage}`} data-bad={stage.outcome !== 'ok'}>
          <span className={styles.stageName}>{stage.stage}</span>
          <span className={styles.stageBar} aria-hidden="true">
            <span style={{ width: `${Math.max(1.5, (stage.ms / longestMs) * 100)}%` }} />
          </span>
          <span className={styles.stageTime}>{stage.ms.toFixed(2)} ms</span>
          {stage.outcome !== 'ok' && <span className={styles.stageOutcome}>{stage.outcome}</span>}
        </li>
      ))}
    </ol>
  );
}

export function PageExplain({ page }: { readonly page: Page }) {
  const explain = page.explain;
  if (explain === undefined) return null;
  const totalMs = sum(explain.stages);
  const longestMs = Math.max(...explain.stages.map((stage) => stage.ms), 0.001);
  const onPage = new Set(page.shelves.map((shelf) => shelf.id));
  const candidates = explain.candidates.reduce((sum, entry) => sum + entry.count, 0);
  const removed = explain.removals.reduce((sum, entry) => sum + entry.count, 0);
  const elsewhere = explain.removals.filter((entry) => !onPage.has(entry.shelf) && entry.count > 0);
  const notShown = explain.candidates.filter((entry) => !onPage.has(entry.shelf));
  const byReason = new Map<string, number>();
  for (const { reason, count } of explain.removals) byReason.set(reason, (byReason.get(reason) ?? 0) + count);
  const reasons = [...byReason].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  const drawn = page.shelves.flatMap((shelf) => [shelf.explain, ...shelf.cards.map((card) => card.explain)]);
  const chances = drawn.filter((choice) => choice !== undefined).filter(({ forced }) => !forced);
  const explored = chances.filter(isExplored).length;
  const timed = explain.stages.length > 0;
  const slowest = [...explain.stages]
    .sort((one, other) => Number(one.outcome === 'ok') - Number(other.outcome === 'ok') || other.ms - one.ms)
    .slice(0, SLOWEST);
  return (
    <section className={styles.panel} aria-label="How this Home was made" data-timed={timed}>
      <div className={styles.summary}>
        <h2>How this Home was made</h2>
        <dl>
          <div>
            <dt>Policy</dt>
            <dd>{page.policy}</dd>
          </div>
          <div>
            <dt>Considered</dt>
            <dd>{plural(candidates, 'candidate')}</dd>
          </div>
          <div>
            <dt>Removed</dt>
            <dd>{plural(removed, 'card')}</dd>
          </div>
          <div>
            <dt>Drawn</dt>
            <dd>
              {chances.length} of {drawn.length} places
            </dd>
          </div>
          <div>
            <dt>Explored</dt>
            <dd>{chances.length === 0 ? 'nothing' : percentText(explored / chances.length)}</dd>
          </div>
          <div>
            <dt>Made in</dt>
            <dd>{timed ? `${totalMs.toFixed(1)} ms` : 'served again'}</dd>
          </div>
        </dl>
        {explain.failedSources.length > 0 && (
          <p className={styles.failed}>Failed, and done without: {explain.failedSources.join(', ')}</p>
        )}
      </div>
      {timed && (
        <div className={styles.stages}>
          <Stages stages={slowest} longestMs={longestMs} label="The slowest stages and their times" />
          <p className={styles.restOfStages}>
            {plural(explain.stages.length - slowest.length, 'other stage')} in {(totalMs - sum(slowest)).toFixed(2)} ms
          </p>
        </div>
      )}
      {reasons.length > 0 && (
        <ul className={styles.reasons} aria-label="Why cards were removed">
          {reasons.map(([reason, count]) => (
            <li key={reason} className={styles.removal}>
              −{count.toLocaleString('en')} {reason}
            </li>
          ))}
        </ul>
      )}
      <p className={styles.legend}>
        <Chance propensity={0.01} forced={false} /> Bars at shelves and cards show the chance with which each was drawn,
        given what stood before it; their scale is logarithmic and begins at 1 in 10,000. Explored is what was drawn
        though something else was more probable.{' '}
        <span className={styles.decision}>
          Decision <code>{page.decisionId}</code>
        </span>
      </p>
      {(elsewhere.length > 0 || notShown.length > 0 || Object.keys(explain.versions).length > 0) && (
        <details className={styles.more}>
          <summary>All stages, versions, and what is not on this page</summary>
          {timed && (
            <div className={styles.allStages}>
              <Stages stages={explain.stages} longestMs={longestMs} label="All stages, in their order" />
            </div>
          )}
          <ul className={styles.facts}>
            {Object.entries(explain.versions).map(([name, version]) => (
              <li key={name} className={styles.fact}>
                {name} <code>{version.slice(0, 12)}</code>
              </li>
            ))}
            {notShown.map((entry) => (
              <li key={entry.shelf} className={styles.fact}>
                {entry.shelf}: {plural(entry.count, 'candidate')}, not shown
              </li>
            ))}
            {elsewhere.map((entry) => (
              <li key={`${entry.shelf} ${entry.reason}`} className={styles.removal}>
                {entry.shelf} −{entry.count.toLocaleString('en')} {entry.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
