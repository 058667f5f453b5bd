/** The configuration file: whether it is in force, what is wrong with it, and what it waits for. */
import type { ConfigurationStatus } from '../../../src/server/contract.ts';
import { agoText } from '../shell/times.ts';
import styles from './configuration.module.css';
import { familyName } from './words.ts';

const MODEL_STATES: Readonly<Record<NonNullable<ConfigurationStatus['model']>['state'], string>> = {
  serves: 'serves',
  training: 'is being trained; what served before serves meanwhile',
  waiting: 'waits for something to be trained on',
  failed: 'could not be trained',
};

export function Configuration({ status, nowMs }: { readonly status: ConfigurationStatus; readonly nowMs: number }) {
  const { state, file, problems, waiting, model, changedAtMs } = status;
  if (state === 'none') return null;
  const name = file.slice(file.lastIndexOf('/') + 1);
  return (
    <section className={styles.configuration} data-state={state} aria-label="Configuration">
      <p title={file}>
        <code>{name}</code>{' '}
        {state === 'applied'
          ? `is in force since ${agoText(changedAtMs, nowMs)}.`
          : 'is not valid as it is now; what was in force before still is.'}
        {model !== null &&
          ` It asks for ${familyName(model.family).toLowerCase()}, which ${MODEL_STATES[model.state]}${model.detail === '' ? '' : ` (${model.detail})`}.`}
        {waiting.length > 0 && ` With the next start: ${waiting.join(', ')}.`}
      </p>
      {problems.length > 0 && (
        <ul>
          {problems.map(({ path, message, remedy }) => (
            <li key={`${path} ${message}`}>
              {path !== '' && <code>{path}</code>} {message} <span>{remedy}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
