import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ShelfwiseError } from '../../base/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';
import type { PlatformSettings } from '../io.ts';

const folders: string[] = [];
let cwd: string;
/** What platforms were opened with. */
let opened: { readonly dataDir: string; readonly settings: PlatformSettings }[];
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'shelfwise-config-'));
  folders.push(cwd);
  opened = [];
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  runForTest(args, {
    cwd,
    openPlatform: async (dataDir, settings = {}) => {
      opened.push({ dataDir, settings });
      throw new ShelfwiseError('ALREADY_OWNED', dataDir);
    },
  });

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);

describe('shelfwise config', () => {
  it('writes a file that it finds valid, once', async () => {
    expect((await run('config', 'init')).out).toMatch(/^shelfwise\.config\.ts is written/);
    expect(readFileSync(join(cwd, 'shelfwise.config.ts'), 'utf8')).toMatch(/defineConfig/);
    const checked = await run('config', 'check', '--json');
    expect(checked.code).toBe(EXIT.ok);
    expect(JSON.parse(checked.out)).toMatchObject({
      valid: true,
      problems: [],
      hash: expect.stringMatching(/^\w{32}$/),
    });
    const again = await run('config', 'init', '--yaml');
    expect([again.code, again.err]).toEqual([EXIT.usage, expect.stringMatching(/is there already/)]);
  });

  it('says all that is wrong, with the remedies, as a finding', async () => {
    write('mine.yaml', 'server: { prot: 8080 }\nhome: { cardEpsilon: 2 }\n');
    const { code, out } = await run('config', 'check', 'mine.yaml');
    expect(code).toBe(EXIT.finding);
    expect(out).toMatch(/^mine\.yaml: 2 problems\n {2}server\.prot is not known\n {4}Did you mean port\?/);
    expect(out).toMatch(/home\.cardEpsilon is 2\n {4}It must lie in \[0, 1\]\.\n$/);
    expect((await run('config', 'check')).err).toMatch(/there is no configuration file/);
  });
});

describe('the configuration file of a command', () => {
  it('says where the data is and how the platform is opened; the command line has the last word', async () => {
    write(
      'shelfwise.config.yaml',
      'server: { dataDir: ./kept }\nplatform: { popularityHoldout: 0.4 }\npolicy: { id: softmax, temperature: 0.2 }\n',
    );
    await run('doctor');
    await run('up', '--data', join(cwd, 'other'), '--policy', 'uniform', '--popularity-holdout', '0');
    const [once, up] = opened;
    expect(once.dataDir).toBe(join(cwd, 'kept'));
    expect(once.settings).toMatchObject({
      popularityHoldout: 0.4,
      home: { policy: 'softmax', policyOptions: { temperature: 0.2 } },
    });
    // Only a platform that goes on running follows its file.
    expect(once.settings.configuration).toBeUndefined();
    expect(up.dataDir).toBe(join(cwd, 'other'));
    expect(up.settings).toMatchObject({
      popularityHoldout: 0,
      home: { policy: 'uniform', policyOptions: {} },
      configuration: { file: join(cwd, 'shelfwise.config.yaml') },
    });
  });

  it('stops every command where it is not valid, but for those that mend it', async () => {
    write('shelfwise.config.yaml', 'model: { family: oracle }\n');
    const { code, err } = await run('doctor');
    expect([code, opened]).toEqual([EXIT.platform, []]);
    expect(err).toMatch(/model\.family is "oracle"/);
    expect((await run('config', 'check')).code).toBe(EXIT.finding);
  });
});
