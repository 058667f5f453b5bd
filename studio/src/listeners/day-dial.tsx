/** A day as a dial: 24 hours around, midnight at the top, each hour as long as its share of the plays. */

import { percentText } from '../shell/times.ts';
import styles from './day-dial.module.css';

const SIZE = 220;
const MIDDLE = SIZE / 2;
const INNER = 34;
const OUTER = 88;
const GAP = 0.012;
const HOUR = (2 * Math.PI) / 24;
const NAMED_HOURS = [0, 6, 12, 18];

function at(radius: number, angle: number): string {
  return `${(MIDDLE + radius * Math.sin(angle)).toFixed(2)} ${(MIDDLE - radius * Math.cos(angle)).toFixed(2)}`;
}

/** The outline of an hour between two radii. */
function wedge(hour: number, inner: number, outer: number): string {
  const from = hour * HOUR + GAP;
  const to = (hour + 1) * HOUR - GAP;
  return `M${at(inner, from)}L${at(outer, from)}A${outer} ${outer} 0 0 1 ${at(outer, to)}L${at(inner, to)}A${inner} ${inner} 0 0 0 ${at(inner, from)}Z`;
}

function hourText(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

/** The three hours with most plays, in words. */
export function busiestHours(hours: readonly number[]): string {
  const ranked = hours
    .map((share, hour) => ({ share, hour }))
    .filter(({ share }) => share > 0)
    .sort((one, other) => other.share - one.share || one.hour - other.hour)
    .slice(0, 3);
  if (ranked.length === 0) return 'Nothing played yet';
  return `Most at ${ranked.map(({ hour, share }) => `${hourText(hour)} (${percentText(share)})`).join(', ')}`;
}

export function DayDial({ hours }: { readonly hours: readonly number[] }) {
  const most = Math.max(...hours, 1e-9);
  return (
    <figure className={styles.dial}>
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={`Plays by hour of day. ${busiestHours(hours)}.`}>
        {hours.map((share, hour) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
          <g key={hour}>
            <path d={wedge(hour, INNER, OUTER)} className={styles.ground} />
            {share > 0 && (
              <path
                d={wedge(hour, INNER, INNER + (OUTER - INNER) * Math.max(0.04, share / most))}
                className={styles.share}
              >
                <title>{`${hourText(hour)}: ${percentText(share)}`}</title>
              </path>
            )}
          </g>
        ))}
        {NAMED_HOURS.map((hour) => {
          const [x, y] = at(OUTER + 13, hour * HOUR).split(' ');
          return (
            <text key={hour} x={x} y={y} textAnchor="middle" dominantBaseline="central" className={styles.hour}>
              {String(hour).padStart(2, '0')}
            </text>
          );
        })}
      </svg>
      <figcaption>{busiestHours(hours)}</figcaption>
    </figure>
  );
}
