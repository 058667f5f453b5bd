/** The version of this package. */
import { readFileSync } from 'node:fs';

/** From package.json, which stands two folders up in a clone (src/cli) as in an installed package (dist/cli). */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
