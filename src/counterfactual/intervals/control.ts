/** How much of a control of mean 0 an estimate takes. */
import type { GroupSums } from '../groups.ts';
import { type Functional, totalsOf } from './functional.ts';

/** With fewer groups β is noise itself. */
const LEAST_GROUPS = 30;

/**
 * The share β of a control by which the linearised error of `functional` is least when β · control is added to what it sums:
 * β = -Σ_g h_g z_g / Σ_g z_g², h_g a group's influence on the value and z_g that of the control, cut to [0, 1]. The control has mean 0
 * for every β that is not read off the log; this one is, which biases by O(1/n) (regression estimators: Cochran 1977, chapter 7).
 * 0 for few groups. `columns` of `groups`.
 */
export function controlShare(
  { groups: count, columns: width, sums }: GroupSums,
  functional: Functional,
  columns: { readonly decisions: number; readonly control: number },
): number {
  if (count < LEAST_GROUPS) return 0;
  const totals = totalsOf({ groups: count, columns: width, sums });
  const gradient = new Float64Array(width);
  functional.addGradient(totals, 0, 1, gradient);
  const [n, z] = [totals[columns.decisions], totals[columns.control] / totals[columns.decisions]];
  let [both, squares] = [0, 0];
  for (let g = 0, at = 0; g < count; g++, at += width) {
    let influence = 0;
    for (let c = 0; c < width; c++) influence += gradient[c] * sums[at + c];
    const own = (sums[at + columns.control] - z * sums[at + columns.decisions]) / n;
    both += influence * own;
    squares += own * own;
  }
  return squares > 0 ? Math.min(1, Math.max(0, -both / squares)) : 0;
}
