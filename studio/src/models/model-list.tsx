/** The registered models, newest first; the one that serves is marked. */
import { Link } from '@tanstack/react-router';
import type { ModelSummary } from '../../../src/server/contract.ts';
import { agoText, instantText } from '../shell/times.ts';
import styles from './model-list.module.css';
import { figureText, modelName, originText } from './words.ts';

interface ModelListProps {
  readonly models: readonly ModelSummary[];
  readonly shown: string;
  readonly nowMs: number;
}

export function ModelList({ models, shown, nowMs }: ModelListProps) {
  return (
    <nav aria-label="Models">
      <ol className={styles.list}>
        {models.map((model) => (
          <li key={model.hash}>
            <Link
              to="/models"
              search={{ model: model.hash }}
              replace
              resetScroll={false}
              className={styles.model}
              aria-current={model.hash === shown ? 'true' : undefined}
            >
              <span className={styles.name}>{modelName(model)}</span>
              {model.serves && <span className={styles.serves}>serves</span>}
              {!model.usable && <span className={styles.old}>of other features</span>}
              <span className={styles.about}>
                <code>{model.hash.slice(0, 8)}</code> {originText(model.origin)},{' '}
                <time
                  dateTime={new Date(model.createdAtMs).toISOString()}
                  title={`${instantText(model.createdAtMs)} UTC`}
                >
                  {agoText(model.createdAtMs, nowMs)}
                </time>
              </span>
              {model.quality !== null && (
                <span className={styles.figures}>
                  log loss {figureText(model.quality.model.logLoss)} · AUC {figureText(model.quality.model.auc, 3)}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
