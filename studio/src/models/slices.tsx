/** How good the model is on each slice of the rows that only measured, beside its two baselines. */
import type { ModelSummary, SliceQuality } from '../../../src/server/contract.ts';
import styles from '../shell/table.module.css';
import { countText, percentText } from '../shell/times.ts';
import { figureText, MEASURES, standing } from './words.ts';

const NAMES: Readonly<Record<string, string>> = {
  all: 'All rows',
  tier: 'Tier',
  market: 'Market',
  device: 'Device',
  listener: 'Listener',
  shelf: 'Shelf',
  training: 'In the training rows',
  source: 'Source',
};

/** Those that a table has room for. */
const COLUMNS = MEASURES.filter(({ id }) => id !== 'calibration');

export function Slices({ slices }: { readonly slices: readonly SliceQuality[] }) {
  const kinds = [...new Set(slices.map(({ slice }) => slice))];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={styles.frame} aria-label="Quality by slice" tabIndex={0}>
      <table className={styles.table}>
        <caption className="visually-hidden">
          Figures by slice. Below each stands that of the constant rate, then that of the model that served then.
        </caption>
        <thead>
          <tr>
            <th scope="col">Slice</th>
            <th scope="col">Rows</th>
            <th scope="col">Rate</th>
            {COLUMNS.map(({ id, name, about }) => (
              <th key={id} scope="col" title={about}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        {kinds.map((kind) => (
          <tbody key={kind}>
            {kind !== 'all' && (
              <tr>
                <th scope="colgroup" colSpan={3 + COLUMNS.length} className={styles.kind}>
                  {NAMES[kind] ?? kind}
                </th>
              </tr>
            )}
            {slices
              .filter(({ slice }) => slice === kind)
              .map(({ of, rows, rate, model, constant, serving }) => (
                <tr key={of}>
                  <th scope="row">{kind === 'all' ? 'All rows' : of === '' ? 'not known' : of}</th>
                  <td>{rows.toLocaleString('en')}</td>
                  <td>{rate === null ? '–' : percentText(rate)}</td>
                  {COLUMNS.map((measure) => {
                    const { id, digits } = measure;
                    const baseline = serving?.[id] ?? constant[id];
                    return (
                      <td key={id} data-standing={standing(measure, model[id], baseline)}>
                        {figureText(model[id], digits)}
                        <small
                          title={`Constant rate ${figureText(constant[id], digits)}; served then ${figureText(serving?.[id] ?? null, digits)}`}
                        >
                          {figureText(baseline, digits)}
                        </small>
                      </td>
                    );
                  })}
                </tr>
              ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

/** What the figures of a model are of. */
export function rowsText({ rows, shelves }: SliceQuality, origin: ModelSummary['origin']): string {
  if (origin === 'online' || origin === 'history')
    return `on the last ${countText(rows, 'reward')} that it has learnt from, each predicted before it was`;
  return `on ${countText(rows, 'row')} of ${countText(shelves, 'shelf', 'shelves')} that it has not learnt from`;
}
