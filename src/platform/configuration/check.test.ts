import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createEncoder, homeFeatures } from '../../features/index.ts';
import { DEFAULT_TUNABLES } from '../../home/index.ts';
import { checkConfiguration } from './check.ts';
import { SAMPLE_YAML } from './sample.ts';

const encoder = createEncoder(homeFeatures);
const check = (given: unknown) => checkConfiguration(given, encoder);
const pathsOf = (given: unknown) => check(given).problems.map(({ path }) => path);

describe('checkConfiguration', () => {
  it('takes nothing for the defaults, and the sample for nothing else', () => {
    expect(check({}).configuration?.tunables).toEqual(DEFAULT_TUNABLES);
    const sample = check(parse(SAMPLE_YAML));
    expect(sample.problems).toEqual([]);
    expect(sample.configuration?.tunables).toEqual(DEFAULT_TUNABLES);
    expect(sample.configuration?.model).toEqual({ family: 'logistic', options: {}, ensemble: 1, calibration: 'none' });
  });

  it('takes examination by card rank for some surfaces, the rest as they are, and says where one is wrong', () => {
    const given = check({ home: { surfaces: { tv: { examination: [1, 0.9] }, car: { cards: 3 } } } });
    expect(given.problems).toEqual([]);
    const { phone, tv, car } = DEFAULT_TUNABLES.surfaces;
    expect(given.configuration?.tunables.surfaces).toMatchObject({
      phone,
      tv: { ...tv, examination: [1, 0.9] },
      car: { ...car, cards: 3 },
    });
    const { problems } = check({ home: { surfaces: { tv: { examination: [1, 1.2] } } } });
    expect(problems).toEqual([
      {
        path: 'home.surfaces.tv.examination',
        message: 'has 1.2 at card rank 1',
        remedy: 'Each must lie in (0, 1], so divide them all by the greatest.',
      },
    ]);
    expect(pathsOf({ home: { surfaces: { tv: { examination: 0.5 } } } })).toEqual(['home.surfaces.tv.examination']);
  });

  it.each([
    [{ id: 'linucb' }, { family: 'trees' }, 'linucb needs deviations, and the trees model has none'],
    [{ id: 'regcb' }, { family: 'network' }, 'regcb needs sensitivities, and the network model has none'],
    [
      { id: 'thompson' },
      { family: 'logistic', posterior: 'none' },
      'thompson needs draws, and the logistic model has none',
    ],
    [
      { id: 'bootstrap-thompson', replicas: 8 },
      { family: 'trees', ensemble: 4 },
      'bootstrap-thompson needs an ensemble of 8 replicas, the ensemble model has 4',
    ],
    [
      { id: 'online-cover' },
      { family: 'logistic', ensemble: 10, calibration: 'platt' },
      'online-cover needs single replicas, and a calibrated model shows none',
    ],
  ])('refuses a policy beside a model that lacks what it needs: %o, %o', (policy, model, lacked) => {
    const { problems } = check({ policy, model });
    expect(problems).toMatchObject([{ path: 'policy.id', message: expect.stringContaining(lacked) }]);
    // Alone each of them may wait for the other.
    expect(pathsOf({ policy })).toEqual([]);
    expect(pathsOf({ model })).toEqual([]);
  });

  it('takes a policy beside a model that has what it needs', () => {
    expect(pathsOf({ policy: { id: 'linucb' }, model: { family: 'logistic', calibration: 'platt' } })).toEqual([]);
    expect(
      pathsOf({ policy: { id: 'bootstrap-thompson', replicas: 8 }, model: { family: 'trees', ensemble: 8 } }),
    ).toEqual([]);
    expect(pathsOf({ policy: { id: 'squarecb' }, model: { family: 'trees' } })).toEqual([]);
  });

  it('names every unknown key and wrong kind at once, each with its path and the name that may have been meant', () => {
    const { problems } = check({
      server: { prot: 8080, host: 5 },
      home: { cardEpsilonn: 0.1, surfaces: { tv: { card: 3 } } },
      polices: {},
      policy: { id: 'softmax', temprature: 1 },
      model: { family: 'logistik' },
      training: { examples: 30 },
    });
    expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'server.prot is not known',
      'server.host is 5',
      'home.cardEpsilonn is not known',
      'home.surfaces.tv.card is not known',
      'polices is not known',
      'training.examples is 30',
      'policy.temprature is not known',
      'model.family is "logistik"',
    ]);
    const remedyOf = (wanted: string) => problems.find(({ path }) => path === wanted)?.remedy;
    expect(remedyOf('server.prot')).toMatch(/^Did you mean port\? There are /);
    expect(remedyOf('server.host')).toBe('Give a text.');
    expect(remedyOf('home.surfaces.tv.card')).toMatch(/^Did you mean cards\?/);
    expect(remedyOf('polices')).toMatch(/^Did you mean policy\?|^There are home/);
    expect(remedyOf('policy.temprature')).toMatch(/^Did you mean temperature\?/);
    expect(remedyOf('model.family')).toMatch(/^Did you mean logistic\? There are .*logistic/);
  });

  it.each([
    [{ server: { port: 70_000 } }, 'server.port'],
    [{ platform: { popularityHoldout: 2 } }, 'platform.popularityHoldout'],
    [{ home: { cardEpsilon: 1.5 } }, 'home.cardEpsilon'],
    [{ home: { surfaces: { tv: { cards: 99 } } } }, 'home.surfaces.tv.cards'],
    [{ policy: { id: 'plackett-luce', cardTemperature: -1 } }, 'policy.cardTemperature'],
    [{ policy: { id: 'softmax', epsilon: 2 } }, 'policy.epsilon'],
    [{ model: { family: 'logistic', l2: -1 } }, 'model.l2'],
    [{ model: { family: 'logistic', ensemble: 1000 } }, 'model.ensemble'],
    [{ model: { family: 'logistic', calibration: 'magic' } }, 'model.calibration'],
    [{ model: { family: 'logistic', depth: 3 } }, 'model.depth'],
    [{ training: { weightClip: 0.5 } }, 'training.weightClip'],
    [{ training: { examples: 'yesterday' } }, 'training.examples'],
  ])('says what is out of range, and where: %j', (given, path) => {
    expect(pathsOf(given)).toEqual([path]);
    expect(check(given).problems[0].remedy).not.toBe('');
  });

  it('checks sections that are sound beside those that are not', () => {
    expect(pathsOf({ server: { prot: 1 }, training: { weightClip: 0.5 }, home: { cardEpsilon: 9 } })).toEqual([
      'server.prot',
      'home.cardEpsilon',
      'training.weightClip',
    ]);
  });

  it('takes what is not an object for what it is', () => {
    for (const given of [null, undefined, 5, 'text', [1]]) expect(pathsOf(given)).toEqual(['']);
    expect(pathsOf({ home: [1] })).toEqual(['home']);
    expect(pathsOf({ model: 'trees' })).toContain('model');
    // What a program that embeds the platform hands over is no setting, nor offered as one.
    for (const handed of ['clock', 'logger', 'freshSeed', 'environment']) {
      const { problems } = check({ platform: { [handed]: 1 } });
      expect(problems.map(({ path, message }) => [path, message])).toEqual([[`platform.${handed}`, 'is not known']]);
      expect(problems[0].remedy).not.toContain(handed);
    }
    // What an operator switches at run time has its own commands.
    expect(pathsOf({ home: { switchedOff: ['shelf:popular'] } })).toEqual(['home.switchedOff']);
  });

  it('reads the options of a policy as tunables: of Plackett-Luce as those that the cold start builds on', () => {
    expect(check({ policy: { id: 'plackett-luce', cardTemperature: 0.5 } }).configuration?.tunables).toEqual({
      ...DEFAULT_TUNABLES,
      cardTemperature: 0.5,
    });
    expect(check({ policy: { id: 'softmax', temperature: 0.3 } }).configuration?.tunables).toMatchObject({
      policy: 'softmax',
      policyOptions: { temperature: 0.3 },
    });
  });

  it('has one hash for one meaning, whatever the order of its keys', () => {
    const hashOf = (given: unknown) => check(given).configuration?.hash;
    expect(hashOf({ home: { cardEpsilon: 0.1, shelfEpsilon: 0.2 } })).toBe(
      hashOf({ home: { shelfEpsilon: 0.2, cardEpsilon: 0.1 } }),
    );
    expect(hashOf({ home: { cardEpsilon: 0.1 } })).not.toBe(hashOf({ home: { cardEpsilon: 0.2 } }));
  });
});
