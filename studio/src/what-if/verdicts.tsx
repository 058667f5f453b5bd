/** The answer in words: policy by policy what it would have earned, or that these decisions cannot tell, and why. */
import { Link } from '@tanstack/react-router';
import type { ComparedPolicy } from '../../../src/server/contract.ts';
import { COLOURS } from './plot-rows.ts';
import { type AskedPolicy, formatPolicy } from './question.ts';
import styles from './what-if.module.css';
import { VERDICTS, verdictText } from './words.ts';

interface VerdictsProps {
  readonly policies: readonly ComparedPolicy[];
  readonly asked: readonly AskedPolicy[];
}

export function Verdicts({ policies, asked }: VerdictsProps) {
  return (
    <ul className={styles.verdicts} data-count={policies.length}>
      {policies.map((policy, at) => {
        const one = asked[at];
        return (
          <li key={policy.name} className={styles.verdict} data-verdict={policy.verdict}>
            <header>
              <span className={styles.dot} style={{ background: COLOURS[at % COLOURS.length] }} aria-hidden="true" />
              <h3>{policy.name}</h3>
              <span className={styles.chip}>{VERDICTS[policy.verdict]}</span>
            </header>
            <p className={styles.sentence}>{verdictText(policy)}</p>
            {policy.reasons.length > 0 && (
              <ul className={styles.reasons} aria-label={`Why ${VERDICTS[policy.verdict]}`}>
                {policy.reasons.map(({ code, severity, sentence, remedy }) => (
                  <li key={`${code} ${sentence}`} data-severity={severity}>
                    {sentence} <span>{remedy}</span>
                  </li>
                ))}
              </ul>
            )}
            {one !== undefined && (
              <Link to="/what-if/decision" search={{ policy: formatPolicy(one) }} className={styles.more}>
                What it would have shown
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}
