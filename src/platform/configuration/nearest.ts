/** The name that somebody may have meant. */

/** At most a third of its letters differ, and no other is nearer. Undefined where nothing is near. */
export function nearestOf(given: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.floor(Math.max(given.length, 3) / 3) + 1;
  for (const name of names) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

/** Letters to insert, delete, replace, or exchange with the next (Damerau and Levenshtein, restricted). */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const rows = Array.from({ length: a.length + 1 }, (_, i) => new Uint16Array(width).fill(i));
  for (let j = 0; j < width; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j < width; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2][j - 2] + 1);
      rows[i][j] = best;
    }
  }
  return rows[a.length][b.length];
}
