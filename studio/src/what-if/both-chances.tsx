/** The chance of one choice under two policies: two bars on the logarithmic scale of `Chance`, the upper one of the policy that logged. */
import { chanceShare, chanceText } from '../shell/chance.tsx';
import type { Side } from './instead-column.tsx';
import styles from './what-if.module.css';

interface BothChancesProps {
  readonly logged: number;
  readonly instead: number | null;
  readonly forced: boolean;
  /** Whose page it stands on. */
  readonly drawnBy: Side;
}

function words(p: number): string {
  return p === 0 ? 'no chance' : chanceText(p);
}

export function BothChances({ logged, instead, forced, drawnBy }: BothChancesProps) {
  if (forced)
    return (
      <span className={styles.chances} data-forced="true" title="Placed, not drawn">
        placed
      </span>
    );
  const bars = [
    { side: 'logged', p: logged, name: 'as logged' },
    ...(instead === null ? [] : [{ side: 'instead', p: instead, name: 'instead' }]),
  ];
  const told = bars.map(({ p, name }) => `${name} ${words(p)}`).join(', ');
  return (
    <span className={styles.chances} title={told}>
      {bars.map(({ side, p }) => (
        <span key={side} data-side={side} data-own={side === drawnBy} aria-hidden="true">
          <span className={styles.bar}>
            <span style={{ inlineSize: p === 0 ? 0 : `${100 * chanceShare(p)}%` }} />
          </span>
          <span>{p === 0 ? 'never' : chanceText(p)}</span>
        </span>
      ))}
      <span className="visually-hidden">{told}</span>
    </span>
  );
}
