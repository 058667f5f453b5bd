import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findConfiguration, loadConfiguration } from './load.ts';
import { SAMPLE_TS, SAMPLE_YAML } from './sample.ts';
import { checkedSettings, readConfiguration } from './source.ts';

const dir = mkdtempSync(join(tmpdir(), 'shelfwise-configuration-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe('loadConfiguration', () => {
  it('says the same of the sample as TypeScript and as YAML, in a folder where nothing is installed', async () => {
    const typescript = await loadConfiguration(file('sample.ts', SAMPLE_TS));
    const yaml = await loadConfiguration(file('sample.yaml', SAMPLE_YAML));
    expect(typescript.given).toEqual(yaml.given);
    expect(typescript.files).toEqual([join(dir, 'sample.ts')]);
  });

  it('reads what a file imports anew at every reading, and names it', async () => {
    const part = file('part.ts', 'export const epsilon: number = 0.1;');
    const whole = file(
      'whole.ts',
      "import { epsilon } from './part.ts';\nexport default { home: { cardEpsilon: epsilon } };",
    );
    expect(await loadConfiguration(whole)).toEqual({ given: { home: { cardEpsilon: 0.1 } }, files: [whole, part] });
    file('part.ts', 'export const epsilon: number = 0.2;');
    expect((await loadConfiguration(whole)).given).toEqual({ home: { cardEpsilon: 0.2 } });
  });

  it.each([
    ['throws.ts', "throw new Error('no licence');", /no licence/],
    ['syntax.ts', 'export default {', /throws|Expected|Unexpected|syntax/i],
    ['exits.ts', 'process.exit(0);', /it ended the program/],
    ['nothing.ts', 'export const home = {};', /it has no default export/],
    ['missing-import.ts', "import './is-not-there.ts';\nexport default {};", /is-not-there/],
    ['broken.yaml', 'home: [1', /broken\.yaml/],
  ])('tells what is wrong with %s, and goes on', async (name, text, message) => {
    await expect(loadConfiguration(file(name, text))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(loadConfiguration(join(dir, name))).rejects.toThrow(message);
  });

  it('refuses a file that is not there, or of another kind', async () => {
    await expect(loadConfiguration(join(dir, 'none.ts'))).rejects.toThrow(/there is no file/);
    await expect(loadConfiguration(file('config.toml', ''))).rejects.toThrow(/neither TypeScript/);
  });
});

describe('a configuration file', () => {
  it('is found by its name, TypeScript first', () => {
    expect(findConfiguration(dir)).toBeUndefined();
    const yaml = file('shelfwise.config.yaml', '');
    expect(findConfiguration(dir)).toBe(yaml);
    const typescript = file('shelfwise.config.ts', 'export default {};');
    expect(findConfiguration(dir)).toBe(typescript);
  });

  it('yields to what the command line says; a policy that is named there has its own options', async () => {
    const path = file('over.yaml', 'platform: { popularityHoldout: 0.3 }\npolicy: { id: softmax, temperature: 0.2 }');
    const { settings } = await checkedSettings(path, { platform: { popularityHoldout: 0 }, policy: { id: 'uniform' } });
    expect(settings).toMatchObject({ popularityHoldout: 0, home: { policy: 'uniform', policyOptions: {} } });
    expect(settings.configuration).toEqual({ file: path, overrides: expect.any(Object) });
    await expect(checkedSettings(undefined, { policy: { id: 'nobody' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { errors: [{ pointer: 'policy.id', message: expect.stringMatching(/plackett-luce/) }] },
    });
  });

  it('that cannot be read is a problem like any other', async () => {
    const reading = await readConfiguration({ file: join(dir, 'none.yaml'), overrides: {} });
    expect(reading).toMatchObject({ configuration: undefined, problems: [{ path: '' }] });
  });
});
