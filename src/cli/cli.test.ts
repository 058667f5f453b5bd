import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ShelfwiseError, systemClock } from '../base/index.ts';
import { openPlatform, type Platform } from '../platform/index.ts';
import { createServer, listen } from '../server/index.ts';
import { type CliOutcome, runForTest } from './cli-testing.ts';
import { EXIT } from './exit-codes.ts';
import type { Cli, OwnerOnDisk } from './io.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-cli-'));

interface Outcome extends CliOutcome {
  /** The one JSON object on standard output. */
  readonly json: Record<string, unknown>;
}

let real: Platform;
/** The real platform, which outlives the commands: each of them closes this in its place. */
let platform: Platform;
let closed = false;

beforeAll(async () => {
  real = await openPlatform({ dataDir: join(folder, 'data') });
  const genres = ['jazz', 'folk', 'techno'];
  await real.upsertItems([
    { id: 'i1', kind: 'album', title: 'Kind of Blue', creators: [{ id: 'miles', name: 'Miles Davis' }] },
    ...Array.from({ length: 60 }, (_, i) => ({
      id: `t${i}`,
      kind: 'track',
      title: `Song ${i}`,
      creators: [{ id: `artist-${i % 12}`, name: `Artist ${i % 12}` }],
      genres: [genres[i % 3]],
    })),
  ]);
  await real.putListener('2', { market: 'SE' });
  const nowMs = systemClock.nowMs();
  await real.ingest(
    Array.from({ length: 60 }, (_, i) => ({
      eventId: `seed-${i}`,
      listenerId: i % 2 === 0 ? '2' : '3',
      type: 'play',
      itemId: `t${i % 20}`,
      occurredAt: new Date(nowMs - (i + 1) * 3_600_000).toISOString(),
      playedMs: 60_000,
    })),
  );
  await real.putHoldout([{ listenerId: '2', itemId: 't21' }]);
  await real.fit({});
});
afterAll(async () => {
  await real.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  closed = false;
  platform = {
    ...real,
    close: async () => {
      closed = true;
    },
  };
});

async function run(args: string, more: Partial<Cli> = {}): Promise<Outcome> {
  const words = args.split(' ').filter((word) => word !== '');
  const { code, out, err } = await runForTest(words, {
    cwd: tmpdir(),
    clock: systemClock,
    openPlatform: async () => platform,
    ...more,
  });
  return {
    code,
    out,
    err,
    get json() {
      expect(out.endsWith('}\n')).toBe(true);
      expect(out.trimEnd()).not.toContain('\n');
      return JSON.parse(out) as Record<string, unknown>;
    },
  };
}

describe('every command', () => {
  const commands = [
    'home 2',
    'home nobody --explain --device tv --market SE --at 2026-11-24T08:00:00Z --fresh',
    'home 2 --filter music --private --no-profiling --limit 3',
    'switches',
    'switches --off shelf:more-like --on policy:uniform',
    'switches --on shelf:more-like',
    'listener 2',
    'listeners --prefix 2',
    'items search kind',
    'items get i1',
    'status',
    'doctor',
    'fit',
    'compact',
    'rebuild state',
    'evaluate retrieval',
    'keys create phone --scope serve explain --rate 5',
    'keys rotate phone --overlap 60',
    'keys limit phone --rate 2.5 --burst 9',
    'keys list',
    'keys revoke phone',
    'audit --limit 5',
    'erasures',
    `export-listener 2 --to ${join(folder, 'two.zip')}`,
    'openapi',
  ];
  it.each(commands)('writes one JSON object for --json, and nothing else on standard output: %s', async (command) => {
    const { code, json } = await run(`${command} --json`);
    expect([code, json['error']]).toEqual([EXIT.ok, undefined]);
    expect(Object.keys(json).length).toBeGreaterThan(0);
  });

  it.each(commands)('writes text for people without it, and closes the platform: %s', async (command) => {
    const { code, out } = await run(command.replace(/keys (create|rotate|limit|revoke) phone/, 'keys $1 tablet'));
    expect(code).toBe(EXIT.ok);
    expect(out).not.toContain('\u001b');
    expect(out.length).toBeGreaterThan(5);
    if (command !== 'openapi') expect(closed).toBe(true);
  });

  it('has help with examples, and lists the exit codes', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(EXIT.ok);
    for (const word of ['up', 'import', 'fit', 'home', 'replay', 'compact', 'Exit codes', 'Examples', '130'])
      expect(out).toContain(word);
    expect((await run('home --help')).out).toContain('shelfwise home 2 --device tv');
    for (const command of ['fit', 'compact', 'rebuild state', 'evaluate retrieval', 'switches']) {
      expect((await run(`${command} --help`)).out).toMatch(new RegExp(`Examples:\\n.*  shelfwise ${command}`, 's'));
    }
    expect((await run('home --help')).out).toContain('--data <dir>');
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('what must be trusted', () => {
  it('is told of keys: limits, last use, rotation', async () => {
    await run('keys create partner --scope serve --rate 50');
    const rotated = await run('keys rotate partner --overlap 60');
    expect(rotated.out).toMatch(/^sw_[\w-]+\n$/);
    expect(rotated.err).toMatch(/^The old secret works until /);
    expect((await run('keys list')).out).toMatch(
      /^partner {2}serve {2}50 a second, 100 at once, never used, old secret works until .*Z$/m,
    );
    expect((await run('keys limit partner')).out).toBe('partner: no limit\n');
    expect((await run('keys limit nobody --rate 1')).code).toBe(EXIT.finding);
    expect((await run('audit --limit 3')).out).toMatch(
      /^\S+Z {2}platform {2}PUT \/v1\/keys\/:name\/limit \(nobody\) {2}KEY_NOT_FOUND\n.*\(partner\) {2}done\n.*\nMore: --cursor \d+\n$/,
    );
  });

  it('is an export: an archive that is there whole or not at all', async () => {
    const file = join(folder, 'person.zip');
    const codeOf = async (command: string): Promise<number> => (await run(command)).code;
    expect(await codeOf(`export-listener 2 --to ${file}`)).toBe(EXIT.ok);
    expect(readFileSync(file).subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
    const none = join(folder, 'none.zip');
    expect(await codeOf(`export-listener no-one --to ${none}`)).toBe(EXIT.finding);
    expect(await codeOf(`export-listener 2 --to ${join(folder, 'no', 'such', 'folder.zip')}`)).toBe(EXIT.usage);
    expect(readdirSync(folder).filter((name) => /none|partial/.test(name))).toEqual([]);
  });

  it('is an erasure: it waits until it is done, gives a receipt and a proof, and finds nobody the second time', async () => {
    await real.putListener('leaving', { market: 'SE' });
    const { code, json } = await run('erase-listener leaving --json');
    expect(code).toBe(EXIT.ok);
    expect(json).toMatchObject({ state: 'done', receipt: expect.any(String), verification: { occurrences: 0 } });
    const shown = await run(`erasures ${json['id']}`);
    expect(shown.out).toContain('found 0 times');
    expect(shown.out).toContain('proof            link ');
    expect((await run('erasures')).out).toContain(`${json['id']}  `);
    expect((await run('erase-listener leaving')).code).toBe(EXIT.finding);
    expect((await run('erasures 01KDVDNA000000000000000000')).code).toBe(EXIT.finding);
  });
});

describe('usage errors', () => {
  it.each([
    'nonsense',
    'home',
    'home 2 --device fridge',
    'home 2 --nonsense',
    'home a b',
    'items search x --limit 0',
    'import hetrec-lastfm . --holdout 2',
    'import items x.csv --map =a',
    'replay',
    'replay 01KDVDNA000000000000000000 --last 3',
    'keys create x',
    'keys create x --scope root',
    'keys limit x --burst 5',
    'keys limit x --rate 0',
    'keys rotate x --overlap 9999999',
    'audit --limit 0',
    'export-listener 2',
    'policy check',
    'policy check --policy uniform --set epsilon=',
    'up --port 99999',
    'home 2 --at yesterday',
    'home 2 --market Sweden',
    'replay nonsense',
  ])(
    'end with status 2, say what is wrong on standard error, and nothing that is not JSON on standard output: %s',
    async (args) => {
      const plain = await run(args);
      expect([plain.code, plain.out]).toEqual([EXIT.usage, '']);
      expect(plain.err).toMatch(/^error: /m);
      const { code, json } = await run(`${args} --json`);
      expect(code).toBe(EXIT.usage);
      expect(json['error']).toMatchObject({
        code: expect.any(String),
        message: expect.any(String),
        remedy: expect.any(String),
      });
    },
  );
});

describe('switches', () => {
  it('say what is on, and change what is named alone', async () => {
    const off = await run('switches --off shelf:popular --off policy:greedy');
    expect(off.out).toMatch(/^OFF {2}shelf:popular$/m);
    expect(off.out).toMatch(/^OFF {2}policy:greedy$/m);
    expect(off.out).toMatch(/^on {3}shelf:recommended$/m);
    const on = await run('switches --on shelf:popular --on policy:greedy');
    expect(on.out).not.toContain('OFF');
    expect(await run('switches --off shelf:none --json')).toMatchObject({
      json: { error: { code: 'SWITCH_UNKNOWN' } },
    });
    const both = await run('switches --off shelf:popular --on shelf:popular');
    expect(both.err).toContain('both off and on');
    expect((await run('switches')).out).not.toContain('OFF');
  });
});

describe('findings', () => {
  it('of what is not there end with status 1 and the remedy', async () => {
    for (const args of ['listener unheard-of', 'items get nothing', 'replay 01KDVDNA000000000000000000']) {
      const { code, err } = await run(args);
      expect([args, code]).toEqual([args, EXIT.finding]);
      expect(err).toMatch(/^error: No (listener|item|decision) has this id: .*\n {2}\S/);
    }
    expect((await run('items search zzz')).code).toBe(EXIT.finding);
  });

  it('of a decision that is not equal end with status 1', async () => {
    await run('home 2');
    const [id] = await platform.recentDecisions(1);
    expect(await run(`replay ${id} --verify --json`)).toMatchObject({
      code: EXIT.ok,
      json: { equal: true, recomputed: true },
    });
    expect((await run('replay --verify --last 1 --json')).json).toMatchObject({
      equal: true,
      decisions: 1,
      unequal: 0,
    });
    platform = {
      ...platform,
      replay: async (decisionId) => ({
        ...(await real.replay(decisionId, { verify: true })),
        equal: false,
        firstDifference: 'row 0',
      }),
      doctor: async () => ({
        healthy: false,
        checks: [{ name: 'log', outcome: 'error', detail: 'cut', remedy: 'Restore it.' }],
      }),
    };
    const one = await run(`replay ${id} --verify --json`);
    expect([one.code, one.json['firstDifference']]).toEqual([EXIT.finding, 'row 0']);
    const many = await run('replay --verify --last 1 --json');
    expect(many.code).toBe(EXIT.finding);
    expect(many.json).toMatchObject({ equal: false, unequal: 1, different: [{ decisionId: id }] });
    expect((await run('doctor')).code).toBe(EXIT.finding);
  });

  it('are there when no decision is', async () => {
    platform = { ...platform, recentDecisions: async () => [] };
    expect((await run('replay --last 5')).code).toBe(EXIT.finding);
  });
});

describe('errors of the platform', () => {
  it('end with status 3, the message and the remedy; the stack only with --debug', async () => {
    const openPlatform = async () => {
      throw new ShelfwiseError('ALREADY_OWNED', '/data by process 7');
    };
    const { code, err } = await run('home 2', { openPlatform });
    expect([code, err]).toEqual([
      EXIT.platform,
      'error: The data directory is owned by a running platform: /data by process 7\n' +
        '  Use that platform (the lock file names its address), or stop it first.\n',
    ]);
    expect((await run('home 2 --debug', { openPlatform })).err).toContain('    at ');
    expect((await run('home 2 --json', { openPlatform })).json).toMatchObject({ error: { code: 'ALREADY_OWNED' } });
  });

  it.each([
    ['fit', { fit: async () => Promise.reject(new ShelfwiseError('STORE_FULL')) }],
    ['compact', { compact: async () => Promise.reject(new ShelfwiseError('STORE_FULL')) }],
  ])('of a job end its line of progress, and it with status 3: %s', async (command, failing) => {
    platform = { ...platform, ...failing };
    const { code, err } = await run(command);
    expect(code).toBe(EXIT.platform);
    expect(err).toMatch(/^[^\n]+ …\nerror: [^\n]+\n {2}[^\n]+\n$/);
    expect((await run(`${command} --json`)).json).toMatchObject({ error: { code: 'STORE_FULL' } });
    expect(closed).toBe(true);
  });

  it('of a long job come through as they are', async () => {
    platform = {
      ...platform,
      fit: async () => {
        throw new ShelfwiseError('LOG_FULL');
      },
    };
    writeFileSync(join(folder, 'one.csv'), 'id,kind,title\na,track,A\n');
    const { code, err } = await run(`import items ${join(folder, 'one.csv')}`);
    expect(code).toBe(EXIT.platform);
    expect(err).toContain('Free space on the volume');
  });
});

describe('a running platform', () => {
  async function owned(work: (owner: OwnerOnDisk, more: Partial<Cli>) => Promise<void>): Promise<void> {
    const app = await createServer({ platform, keys: (secret) => platform.verifyKey(secret) });
    const address = await listen(app, { port: 0, madeKeys: 0 });
    const owner = { address, token: platform.adminKey, pid: 1 };
    const openPlatform = async () => {
      throw new ShelfwiseError('ALREADY_OWNED');
    };
    try {
      await work(owner, { openPlatform, readOwner: async () => owner });
    } finally {
      await app.close();
    }
  }

  it('is asked over HTTP, and is not closed', async () => {
    await owned(async (_owner, more) => {
      expect((await run('home 2 --json', more)).json).toMatchObject({ shelves: expect.any(Array) });
      expect((await run('listener unheard-of', more)).code).toBe(EXIT.finding);
      expect((await run('evaluate retrieval --json', more)).json).toMatchObject({ hiddenPairs: 1 });
      const fit = await run('fit --json', more);
      expect([fit.code, fit.json['fitted']]).toEqual([EXIT.ok, true]);
      expect(fit.err).toMatch(/^Fitting .*: they serve \(/s);
      expect((await run('compact --json', more)).json).toEqual({ segments: expect.any(Number) });
      expect(closed).toBe(false);
    });
  });

  it('whose address is not known yet is waited for', async () => {
    await owned(async (owner, more) => {
      let asked = 0;
      const readOwner = async () => (++asked < 3 ? { ...owner, address: '' } : owner);
      expect((await run('status --json', { ...more, readOwner })).json).toMatchObject({ ready: true });
      expect(asked).toBe(3);
    });
  });

  it('that has died leaves its lock to the next', async () => {
    const readOwner = async () => ({ address: 'http://127.0.0.1:1', token: 'x', pid: 1 });
    expect((await run('status --json', { readOwner })).json).toMatchObject({ ready: true });
  });

  it('whose token is refused is a platform error', async () => {
    await owned(async (owner, more) => {
      const { code, err } = await run('status', { ...more, readOwner: async () => ({ ...owner, token: 'other' }) });
      expect(code).toBe(EXIT.platform);
      expect(err).toContain('API key');
    });
  });
});

describe('import', () => {
  it('brings rows in, counts and samples the bad ones, fits, and ends with status 1 when there were any', async () => {
    const file = join(folder, 'items.csv');
    writeFileSync(file, 'track_id,kind,title\nn1,track,One\n,track,Nameless\nn2,track,Two\n');
    const { code, json, err } = await run(`import items ${file} --map id=track_id --json`);
    expect(code).toBe(EXIT.finding);
    expect(json).toMatchObject({
      rowsRead: 3,
      badRows: 1,
      rejected: 0,
      items: { created: 2 },
      fitSeconds: expect.any(Number),
    });
    expect(json['badRowSample']).toHaveLength(1);
    expect(err).toContain('Fitting');
    expect(platform.getItem('n1')?.title).toBe('One');
  });

  it('of events doubles nothing the second time', async () => {
    const file = join(folder, 'events.jsonl');
    const row = (n: number) =>
      JSON.stringify({
        listenerId: '2',
        itemId: 'i1',
        occurredAt: `2026-11-0${n}T10:00:00Z`,
        playedMs: 60_000,
        type: 'play',
      });
    writeFileSync(file, [1, 2, 3].map(row).join('\n'));
    expect((await run(`import events ${file} --no-fit --json`)).json).toMatchObject({
      events: { accepted: 3 },
      fitSeconds: null,
    });
    expect((await run(`import events ${file} --no-fit --json`)).json).toMatchObject({ events: { duplicate: 3 } });
  });

  it('of a file that is not there is a usage error', async () => {
    const { code, err } = await run(`import items ${join(folder, 'nothing.csv')}`);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain('nothing.csv');
  });
});

describe('Ctrl-C', () => {
  it('ends a command with status 130 and closes the platform', async () => {
    const stop = new AbortController();
    const hanging = { ...platform, status: platform.status, home: () => new Promise<Uint8Array>(() => undefined) };
    const running = run('home 2 --json', { stop: stop.signal, openPlatform: async () => hanging });
    setTimeout(() => stop.abort(new Error('stopped')), 300);
    const { code, json, err } = await running;
    expect([code, err]).toEqual([EXIT.interrupted, 'Stopped.\n']);
    expect(json['error']).toMatchObject({ code: 'INTERRUPTED' });
    expect(closed).toBe(true);
  });

  it('stops `up` cleanly, with status 0', async () => {
    const stop = new AbortController();
    let address = '';
    const running = run('up --port 0 --json', {
      stop: stop.signal,
      openPlatform: async () => ({
        ...platform,
        setAddress: (bound) => {
          address = bound;
        },
      }),
    });
    while (address === '') await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${address}/`)).text()).not.toContain(platform.adminKey);
    stop.abort(new Error('stopped'));
    const { code, json } = await running;
    expect(code).toBe(EXIT.ok);
    const pageUrl = `${address}/#key=${platform.adminKey}`;
    expect(json).toMatchObject({ address, pageUrl, key: platform.adminKey });
    expect(closed).toBe(true);
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });

  it('leaves a banner behind that says where the page is, with the key in the fragment, and the key alone', async () => {
    const stop = new AbortController();
    let address = '';
    const running = run('up --port 0', {
      stop: stop.signal,
      openPlatform: async () => ({
        ...platform,
        setAddress: (bound) => {
          address = bound;
          setTimeout(() => stop.abort(new Error('stopped')), 100);
        },
      }),
    });
    const { code, out } = await running;
    expect(code).toBe(EXIT.ok);
    expect(out).toContain(`  page  ${address}/#key=${platform.adminKey}\n`);
    expect(out).toContain(`  key   ${platform.adminKey}\n`);
  });

  it('refuses to bind beyond this machine without keys that were made, and lets go of the data', async () => {
    platform = { ...platform, listKeys: () => [] };
    const { code, err } = await run('up --port 0 --host 0.0.0.0');
    expect(code).toBe(EXIT.platform);
    expect(err).toContain('keys create');
    expect(closed).toBe(true);
  });
});

describe('the terminal', () => {
  it('is coloured only when it is one, and NO_COLOR is not set', async () => {
    expect((await run('home 2', { outIsTerminal: true })).out).toContain('\u001b[1m');
    expect((await run('home 2', { outIsTerminal: true, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });
});

describe('examination', () => {
  it('says what there is too little of, and what to send', async () => {
    const { code, json, err } = await run('examination --examples 1h --json');
    expect(code).toBe(EXIT.usage);
    expect(json).toMatchObject({ error: { code: 'EXAMPLES_INVALID' } });
    expect(err).toMatch(
      /of 1h with a card that was seen, .*impressions and plays that refer to them, or widen --examples/,
    );
  });

  it('names its methods where it is given another', async () => {
    const { code, err } = await run('examination --method guess');
    expect(code).toBe(EXIT.usage);
    expect(err).toMatch(/Allowed choices are position-based, harvest, cascade, dcm/);
  });
});

describe('policy check', () => {
  it.each(['plackett-luce', 'uniform', 'greedy', 'regcb', 'thompson'])(
    'finds the propensities of %s true',
    async (policy) => {
      const { code, json } = await run(`policy check --policy ${policy} --draws 5000 --json`);
      expect(code).toBe(EXIT.ok);
      expect(json).toMatchObject({ policy, holds: true });
      expect(json['sumError']).toBeLessThanOrEqual(1e-12);
    },
  );
});
