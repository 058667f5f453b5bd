import { describe, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { createEncoder, homeFeatures } from '../../features/index.ts';
import { formatText, parseText } from '../../validation/index.ts';
import { createSchemas, type Schemas } from './schema-store.ts';

const encoder = createEncoder(homeFeatures);

function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    settings: {
      get: async (name: string) => kept.get(name),
      set: async (name: string, value: string) => void kept.set(name, value),
    },
  };
}

function open(
  { settings }: ReturnType<typeof memory>,
  description = encoder.description,
  tiers = ['free', 'premium'],
): Schemas {
  return createSchemas(settings, { description }, () => ({ tiers, markets: ['SE'] }), manualClock(1000));
}

const featureOf = async (schemas: Schemas, wanted: string) =>
  (await schemas.current('examples')).schema.feature?.find(({ name }) => name === wanted);

describe('schemas', () => {
  it('begin with what is declared: types, presence, ranges, words, environments', async () => {
    const schemas = open(memory());
    expect(await featureOf(schemas, 'tier')).toMatchObject({
      type: 'BYTES',
      stringDomain: { value: ['free', 'premium'] },
    });
    expect(await featureOf(schemas, 'label')).toMatchObject({
      type: 'INT',
      intDomain: { max: 1 },
      notInEnvironment: ['SERVING'],
    });
    expect(await featureOf(schemas, 'listener.totalPlays')).toMatchObject({
      type: 'FLOAT',
      presence: { minFraction: 1 },
      floatDomain: { min: 0, disallowNan: true },
    });
    expect(await featureOf(schemas, 'context.surface')).toMatchObject({
      stringDomain: { value: ['phone', 'desktop', 'tv', 'car'] },
    });
    expect((await schemas.current('play')).schema.feature?.find(({ name }) => name === 'playedMs')).toMatchObject({
      floatDomain: { min: 0, max: 86_400_000 },
      presence: { minFraction: 1 },
      annotation: { comment: ['unit: milliseconds'] },
    });
    expect((await schemas.list()).map(({ name, version }) => [name, version])).toEqual([
      ['examples', 1],
      ['play', 1],
    ]);
    await expect(schemas.history('select')).rejects.toMatchObject({ code: 'DATA_SCHEMA_NOT_FOUND' });
  });

  it('read back as they were written', async () => {
    const store = memory();
    const { schema } = await open(store).current('examples');
    const text = formatText('Schema', schema);
    expect(parseText('Schema', text)).toEqual(schema);
    expect((await open(store, encoder.description, ['other']).current('examples')).schema).toEqual(schema);
  });

  it('keep who accepted what and why, and go back', async () => {
    const store = memory();
    const schemas = open(store);
    const tier = await featureOf(schemas, 'tier');
    await schemas.accept(
      'examples',
      [{ ...tier, stringDomain: { name: 'tier', value: ['free', 'premium', 'trial'] } }],
      'Ada',
      'trials began',
    );
    const { version, versions, text } = await open(store).history('examples');
    expect(version).toBe(2);
    expect(text).toContain('trial');
    expect(versions[0]).toMatchObject({
      author: 'Ada',
      reason: 'trials began',
      change: 'accepted',
      features: ['tier'],
      removed: [],
    });
    expect(versions[0].added.map((line) => line.trim())).toEqual(['value: "trial"']);
    const stale = { author: 'Bo', reason: 'they did not', newest: 1 };
    await expect(schemas.undo('examples', stale)).rejects.toMatchObject({ code: 'DATA_SCHEMA_CHANGED' });
    await schemas.undo('examples', { ...stale, newest: 2 });
    const after = await schemas.history('examples');
    expect(after.versions[0]).toMatchObject({ version: 3, change: 'undone', author: 'Bo' });
    expect(after.text).toBe((await schemas.history('examples', 1)).text);
    await expect(schemas.undo('examples', { author: 'Bo', reason: 'again', version: 9 })).rejects.toMatchObject({
      code: 'DATA_SCHEMA_NOT_FOUND',
    });
  });

  it('follow a declaration that changes, but for what people have accepted', async () => {
    const store = memory();
    const schemas = open(store);
    const kind = await featureOf(schemas, 'card.kind');
    await schemas.accept('examples', [{ ...kind, deprecated: true }], 'Ada', 'nobody wants it');
    const next = encoder.description
      .filter(({ name }) => name !== 'cross.liked')
      .map((feature) => (feature.name === 'card.minutes' ? { ...feature, transform: 'recency' as const } : feature));
    const later = open(store, next);
    expect(await featureOf(later, 'cross.liked')).toBeUndefined();
    expect(await featureOf(later, 'card.minutes')).toMatchObject({ floatDomain: { max: 1 } });
    expect(await featureOf(later, 'card.kind')).toMatchObject({ deprecated: true });
    expect((await later.history('examples')).versions[0]).toMatchObject({
      version: 3,
      author: 'Shelfwise',
      change: 'derived',
      features: ['card.minutes', 'cross.liked'],
    });
  });
});
