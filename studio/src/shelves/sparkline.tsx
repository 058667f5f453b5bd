/** A line as small as a word: how a figure went over the days. */
import styles from './sparkline.module.css';

const WIDTH = 84;
const HEIGHT = 26;
const PAD = 3;

interface SparklineProps {
  /** One a day, oldest first. */
  readonly values: readonly number[];
  readonly label: string;
}

export function Sparkline({ values, label }: SparklineProps) {
  if (values.length === 0) return <span className={styles.line} />;
  const most = Math.max(...values, 1e-9);
  const x = (i: number): number => PAD + (i / Math.max(values.length - 1, 1)) * (WIDTH - 2 * PAD);
  const y = (value: number): number => HEIGHT - PAD - (value / most) * (HEIGHT - 2 * PAD);
  const line = values.map((value, i) => `${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
  const last = values.at(-1) ?? 0;
  return (
    <svg className={styles.line} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <path className={styles.area} d={`M${x(0)} ${HEIGHT - PAD}L${line}L${x(values.length - 1)} ${HEIGHT - PAD}Z`} />
      <path className={styles.stroke} d={`M${line}`} />
      <circle cx={x(values.length - 1)} cy={y(last)} r="2.4" className={styles.end} />
    </svg>
  );
}
