/**
 * `shelfwise train` as it is run: on a data directory by itself and beside a running platform; stopped by Ctrl-C and killed,
 * after which there is no half of a model.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelList, TrainedModel } from '../src/server/index.ts';
import { dataDirPaths, openEpochStore } from '../src/store/index.ts';
import { type ServerProcess, shelfwise, smallWorld, startServer } from './support.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/shelfwise', import.meta.url));
const PATIENCE_MS = 600_000;

describe('shelfwise train', () => {
  let dataDir: string;
  beforeAll(async () => {
    ({ dataDir } = await smallWorld('train'));
  }, PATIENCE_MS);

  const models = async (): Promise<ModelList['models']> => {
    const { code, out } = await shelfwise('model', 'list', '--data', dataDir, '--json');
    expect(code).toBe(0);
    return (JSON.parse(out) as ModelList).models;
  };
  /** Starts a training that would take minutes, and sends the signal when it is under way. */
  const cutOff = async (signal: 'SIGINT' | 'SIGKILL'): Promise<number | null> => {
    const args = ['train', '--model', 'logistic', '--ensemble', '100', '--set', 'epochs=10000', '--data', dataDir];
    const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const closed = once(child, 'close');
    let told = '';
    let sent = false;
    child.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      if (sent || !/%, fit/.test(told)) return;
      sent = true;
      child.kill(signal);
    });
    await closed;
    expect(told).toMatch(/%, fit/);
    return child.exitCode;
  };
  const epochFiles = (): string[] => readdirSync(dataDirPaths(dataDir).epochs).sort();

  it(
    'leaves nothing of a training that was stopped or killed, and trains the next as if there had been none',
    async () => {
      const before = { models: await models(), files: epochFiles() };
      expect(await cutOff('SIGINT')).toBe(130);
      expect(await models()).toEqual(before.models);
      expect(await cutOff('SIGKILL')).toBeNull();
      expect(await models()).toEqual(before.models);
      expect(epochFiles()).toEqual(before.files);
      const { epochs } = dataDirPaths(dataDir);
      const store = openEpochStore({ dir: epochs });
      for (const hash of store.list()) expect(store.get(hash).hash).toBe(hash);

      const { code, out } = await shelfwise('train', '--model', 'logistic', '--data', dataDir, '--json');
      expect(code).toBe(0);
      const trained = JSON.parse(out) as TrainedModel;
      expect(trained).toMatchObject({ family: 'logistic', origin: 'trained', promoted: false, serves: false });
      expect(trained.quality?.model.auc).toBeGreaterThan(0.6);
      expect((await models()).map(({ hash }) => hash)).toContain(trained.hash);
      expect(openEpochStore({ dir: epochs }).has(trained.hash)).toBe(true);
    },
    PATIENCE_MS,
  );

  describe('beside a running platform', () => {
    let server: ServerProcess;
    beforeAll(async () => {
      server = await startServer(dataDir, { learnEveryMs: 0, popularityHoldout: 0 });
    });
    afterAll(() => server.stop());

    it(
      'trains, promotes, exports, brings the export in again, and rolls back',
      async () => {
        const flags = ['--data', dataDir, '--json'];
        const trained = await shelfwise('train', '--model', 'trees', '--set', 'trees=10', '--promote', ...flags);
        expect(trained.err).toMatch(/Training trees/);
        const { hash, promoted } = JSON.parse(trained.out) as TrainedModel;
        expect(promoted).toBe(true);
        const page = await server.home('1', 'fresh=true');
        expect(await server.get(`/v1/decisions/${page.decisionId}`)).toMatchObject({ versions: { model: hash } });

        const shown = await shelfwise('model', 'show', hash.slice(0, 10), '--data', dataDir);
        expect(shown.out).toMatch(/slice\s+rows\s+model\s+constant\s+serving/);
        const file = join(dataDir, '..', 'model.onnx');
        expect((await shelfwise('model', 'export', hash, '--onnx', file, ...flags)).code).toBe(0);
        const brought = await shelfwise('model', 'import', file, ...flags);
        expect(JSON.parse(brought.out)).toMatchObject({ family: 'onnx', origin: 'imported', usable: true });
        const back = await shelfwise('model', 'rollback', ...flags);
        expect(JSON.parse(back.out)).toMatchObject({ before: hash, family: 'logistic', learnsOnline: true });
        const audit = await server.get<{ entries: readonly { route: string; object: string }[] }>('/v1/audit?limit=20');
        expect(audit.entries.map(({ route }) => route)).toEqual(
          expect.arrayContaining(['POST /v1/models/train', 'POST /v1/models/import', 'POST /v1/models/rollback']),
        );
      },
      PATIENCE_MS,
    );
  });
});
