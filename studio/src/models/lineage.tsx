/** What a model was made of: enough to make it again. */
import type { ModelDetail, ModelLineage } from '../../../src/server/contract.ts';
import { countText, instantText, percentText } from '../shell/times.ts';
import styles from './lineage.module.css';

const LEFT_OUT: Readonly<Record<keyof ModelLineage['leftOut'], string>> = {
  unseen: 'not seen',
  degraded: 'degraded',
  marked: 'without profile, or flagged',
  otherEncoder: 'of features of another version',
  unreadable: 'erased or unreadable',
  sampled: 'beyond the limit of rows',
};

function factsOf({ hash, parent }: ModelDetail, lineage: ModelLineage): readonly (readonly [string, string])[] {
  const { spec, training, rows, leftOut } = lineage;
  const options = Object.entries(spec.options).map(([name, value]) => `${name} ${String(value)}`);
  const left = (Object.keys(LEFT_OUT) as (keyof typeof LEFT_OUT)[])
    .filter((why) => leftOut[why] > 0)
    .map((why) => `${leftOut[why].toLocaleString('en')} ${LEFT_OUT[why]}`);
  const span = lineage.decisions === 0 ? 'none' : `${instantText(lineage.fromMs)} to ${instantText(lineage.toMs)} UTC`;
  return [
    ['Hash', hash],
    ['Options', options.length === 0 ? 'the family’s own' : options.join(', ')],
    ['Examples', `${training.examples}: ${span}`],
    ['Decisions', `${countText(lineage.decisions, 'decision')} of ${countText(lineage.listeners, 'listener')}`],
    [
      'Rows',
      `${rows.train.toLocaleString('en')} to learn, ${rows.tune.toLocaleString('en')} to tune, ${rows.validate.toLocaleString('en')} to measure` +
        (rows.history === 0 ? '' : `; ${rows.history.toLocaleString('en')} from the listening history`),
    ],
    ['Left out', left.length === 0 ? 'nothing' : left.join(', ')],
    [
      'Weights',
      training.weighting === 'none'
        ? 'every row alike'
        : `uniform over logged, clipped at ${training.weightClip} (${percentText(lineage.clipped)} of rows); worth ${Math.round(lineage.effectiveRows).toLocaleString('en')} rows`,
    ],
    ['Rate', percentText(lineage.rate)],
    [
      'Position',
      training.position === 'none' ? 'choices at their word' : `parted from choices by ${training.position}`,
    ],
    ['Seed', String(training.seed)],
    ['Before it', (lineage.parent === '' ? parent : lineage.parent) || 'nothing'],
    ['Made', `by version ${lineage.version} in ${lineage.seconds.toFixed(1)} s`],
  ];
}

export function Lineage({ model }: { readonly model: ModelDetail }) {
  if (model.lineage === null) return null;
  return (
    <dl className={styles.facts}>
      {factsOf(model, model.lineage).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
