// `node scripts/ope-propensities.ts [--logs 100] [--draws 20000] [--seed 1]`: how many logs of wrong propensities (off by 20% on one shelf, half of them too small) are found,
// and how many right ones are called wrong. Prints one JSON object.
import { parseArgs } from 'node:util';
import { judgePropensityLog } from '../src/testing/index.ts';

const { values } = parseArgs({
  options: {
    logs: { type: 'string', default: '100' },
    draws: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const [logs, draws, seed] = [Number(values.logs), Number(values.draws), Number(values.seed)];
const kinds = ['frequencies', 'calibration'] as const;
const counts = () => ({ detectedShelf: 0, detectedCards: 0, falseAlarms: 0 });
const table = { frequencies: counts(), calibration: counts() };

for (let log = 0; log < logs; log++) {
  const factor = log % 2 === 0 ? 0.8 : 1.2;
  const at = { seed: seed * 1_000_000 + log, draws };
  const clean = judgePropensityLog({ ...at, fault: 'none', factor: 1 });
  const shelf = judgePropensityLog({ ...at, seed: at.seed + 100_000, fault: 'shelf', factor });
  const cards = judgePropensityLog({ ...at, seed: at.seed + 200_000, fault: 'cards', factor });
  for (const kind of kinds) {
    if (!clean[kind].passed) table[kind].falseAlarms++;
    if (shelf[kind].found) table[kind].detectedShelf++;
    if (cards[kind].found) table[kind].detectedCards++;
  }
}
process.stdout.write(`${JSON.stringify({ logs, draws, seed, ...table }, null, 2)}\n`);
