/** A slice of the fuzz run on a real process; the long one is `npm run fuzz -- --bodies 100000 --seed 1`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DoctorReport } from '../src/server/index.ts';
import { fuzz } from './fuzz/fuzz.ts';
import { type ServerProcess, smallWorld, startServer } from './support.ts';

const BODIES = 1500;

let server: ServerProcess;
let known: Record<string, string[]>;

beforeAll(async () => {
  const { world, dataDir } = await smallWorld('fuzz');
  known = {
    items: [...world.items()].slice(0, 20).map(({ id }) => id),
    listeners: [...world.listeners()].slice(0, 10).map(({ id }) => id),
  };
  server = await startServer(dataDir);
});
afterAll(() => server.kill());

it('answers whatever is sent as its description says: no 5xx, no crash, no hang', async () => {
  const report = await fuzz({
    address: server.address,
    key: server.key,
    bodies: BODIES,
    seed: 7,
    known,
    hangMs: 20_000,
  });
  // Where something was found, what the server said of it.
  const said = report.findings.length === 0 ? '' : server.logged().slice(-4000);
  expect({ findings: report.findings, said }).toEqual({ findings: [], said: '' });
  expect(report.bodies).toBe(BODIES);
  expect(report.byStatus['200']).toBeGreaterThan(BODIES / 10);
  expect((await server.post<DoctorReport>('/v1/admin/doctor')).healthy).toBe(true);
  expect(await server.stop()).toBe(0);
});
