/** A feature's distribution as small as a table row: all sets over each other. */
import type { ComparedFigures } from '../../../src/server/contract.ts';
import type { Amount, HistogramKind, Scale } from './address.ts';
import { colourOf } from './colours.ts';
import { axisOf, barsOf, heightOf, outline, peakOf, valueRows } from './distribution.ts';
import styles from './feature-plot.module.css';
import { shareText, sideText } from './words.ts';

/** How distributions are drawn. */
export interface Drawing {
  readonly scale: Scale;
  readonly amount: Amount;
  readonly histogram: HistogramKind;
}

interface FeaturePlotProps {
  readonly feature: Pick<ComparedFigures, 'name' | 'kind' | 'sides'>;
  /** Of the sets, in their order. */
  readonly names: readonly string[];
  readonly drawing: Drawing;
  /** Of texts: as many. @default 3 */
  readonly values?: number;
}

const WIDTH = 240;
const HEIGHT = 72;
const FEW_VALUES = 3;

export function FeaturePlot({ feature, names, drawing, values = FEW_VALUES }: FeaturePlotProps) {
  const label = `Distribution of ${feature.name}. ${feature.sides.map((side, at) => sideText(names[at] ?? '', side)).join('; ')}`;
  if (feature.sides.every((side) => side === null || side.values === 0))
    return <p className={styles.none}>No values</p>;
  if (feature.kind === 'numeric') return <NumericPlot feature={feature} drawing={drawing} label={label} />;
  if (feature.kind === 'categorical')
    return <ValuePlot feature={feature} drawing={drawing} names={names} label={label} values={values} />;
  return null;
}

function NumericPlot({
  feature: { sides },
  drawing: { scale, amount, histogram },
  label,
}: Pick<FeaturePlotProps, 'feature' | 'drawing'> & { readonly label: string }) {
  const axis = axisOf(sides, histogram, scale);
  if (axis === undefined) return <p className={styles.none}>No values</p>;
  const drawn = sides.map((side) => (side === null ? [] : barsOf(side, axis, histogram, amount)));
  const peak = peakOf(drawn);
  return (
    <svg
      className={styles.plot}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {/* The first on top: it is what the others are held against. */}
      {drawn
        .map((bars, at) => (
          <path
            // biome-ignore lint/suspicious/noArrayIndexKey: a set is its place
            key={at}
            d={outline(bars, peak, scale, WIDTH, HEIGHT)}
            style={{ color: colourOf(at) }}
          />
        ))
        .reverse()}
    </svg>
  );
}

function ValuePlot({
  feature: { sides },
  drawing: { scale, amount },
  names,
  label,
  values,
}: Required<FeaturePlotProps> & { readonly label: string }) {
  const rows = valueRows(sides);
  const shown = rows.slice(0, values);
  const partOf = ({ shares, counts }: (typeof rows)[number], at: number): number =>
    (amount === 'share' ? shares[at] : counts[at]) ?? 0;
  const peak = Math.max(...shown.flatMap((row) => sides.map((_, at) => partOf(row, at))), Number.MIN_VALUE);
  const texts = (row: (typeof rows)[number]): string =>
    sides
      .map((_, at) => {
        const share = row.shares[at];
        return `${names[at]}: ${share === null || share === undefined ? 'not there' : shareText(share)}`;
      })
      .join('\n');
  return (
    <div className={styles.values} role="img" aria-label={label}>
      {shown.map((row) => (
        <div key={row.value} className={styles.value} title={texts(row)}>
          <bdi className={styles.label} data-empty={row.value === ''}>
            {row.value === '' ? 'empty' : row.value}
          </bdi>
          <span className={styles.bars}>
            {sides.map((_, at) => {
              const part = heightOf(partOf(row, at) / peak, scale === 'linear' ? 'linear' : 'log');
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a set is its place
                <i key={at} style={{ width: `${(100 * part).toFixed(1)}%`, background: colourOf(at) }} />
              );
            })}
          </span>
        </div>
      ))}
    </div>
  );
}
