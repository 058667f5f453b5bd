/** Which immutable versions serve, since when; and what the background last did. */
import type { LiveInsights } from '../../../src/server/contract.ts';
import { Panel } from '../shell/panel.tsx';
import { agoText, instantText } from '../shell/times.ts';
import styles from './epochs.module.css';

export function Epochs({ latest }: { readonly latest: LiveInsights }) {
  const { epochs, background, nowMs } = latest;
  const said = Object.entries(background).sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    <>
      <Panel title="Epochs" note="what serves, by the hash of its content">
        <dl className={styles.epochs}>
          {epochs.map(({ kind, hash, publishedAtMs }) => (
            <div key={kind}>
              <dt>{kind}</dt>
              <dd>
                {hash === '' ? (
                  <span className={styles.none}>none yet</span>
                ) : (
                  <>
                    <code title={hash}>{hash.slice(0, 12)}</code>
                    {publishedAtMs !== null && (
                      <time
                        dateTime={new Date(publishedAtMs).toISOString()}
                        title={`${instantText(publishedAtMs)} UTC`}
                      >
                        {agoText(publishedAtMs, nowMs)}
                      </time>
                    )}
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="In the background" note="what each did last">
        {said.length === 0 ? (
          <p className={styles.none}>Nothing since the start</p>
        ) : (
          <dl className={styles.said}>
            {said.map(([what, text]) => (
              <div key={what} data-bad={text.startsWith('failed')}>
                <dt>{what}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        )}
      </Panel>
    </>
  );
}
