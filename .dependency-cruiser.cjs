// The layering of the rooms. ROOMS is DESIGN's table, written once; the rules are made from it.
// Read by `npm run check` (scripts/check.mjs), which also asserts that modules were really cruised.

const EVERY = [
  'base',
  'kernels',
  'domain',
  'signals',
  'store',
  'experiments',
  'features',
  'mixer',
  'models',
  'retrieval',
  'policy',
];
EVERY.push(
  'validation',
  'counterfactual',
  'alerts',
  'exchange',
  'home',
  'training',
  'platform',
  'simulation',
  'testing',
  'server',
  'cli',
  'client',
);

/** All rooms that stand above `room` in the table, except some. */
const above = (room, ...except) => EVERY.slice(0, EVERY.indexOf(room)).filter((name) => !except.includes(name));

/** room → the rooms it may import besides itself. */
const ROOMS = {
  base: [],
  kernels: ['base'],
  domain: ['base'],
  signals: ['base', 'domain'],
  store: ['base', 'domain'],
  experiments: ['base', 'domain'],
  features: ['base', 'domain', 'signals'],
  mixer: ['base', 'domain', 'signals'],
  models: ['base', 'kernels', 'domain', 'features'],
  retrieval: ['base', 'kernels', 'domain', 'features'],
  policy: ['base', 'kernels', 'domain', 'features', 'models'],
  validation: ['base', 'kernels', 'domain', 'features', 'store'],
  counterfactual: ['base', 'kernels', 'domain', 'signals', 'features', 'models', 'policy'],
  alerts: ['base', 'domain', 'store'],
  exchange: ['base', 'domain', 'store', 'validation', 'counterfactual'],
  home: ['base', 'domain', 'signals', 'store', 'features', 'models', 'retrieval', 'policy', 'experiments', 'mixer'],
  training: above('training', 'home', 'mixer'),
  platform: above('platform'),
  simulation: above('simulation'),
  testing: above('testing', 'home', 'platform', 'simulation'),
  server: above('server', 'testing'),
  cli: above('cli', 'testing'),
  // ADR 14: types of the contract, and nothing else; see the rules of its own below.
  client: ['server'],
};

/** Rooms that only compute: what they need comes in as arguments. */
const PURE = ['domain', 'signals', 'features', 'policy', 'counterfactual', 'mixer'];
/** What a room that only computes may take from outside the repository: schemas, and nothing that reads, writes, waits or listens. */
const PURE_MAY_IMPORT = '^(node_modules/(@types/)?typebox/|typebox)';

const TEST = '\\.test\\.ts$';
const oneOf = (rooms) => `^src/(${rooms.join('|')})/`;

const layering = Object.entries(ROOMS).flatMap(([room, allowed]) => [
  {
    name: `${room}-imports-only-its-layer`,
    comment: `${room} may import ${allowed.length === 0 ? 'no other room' : allowed.join(', ')}`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: TEST },
    to: { path: '^src/[^/]+/', pathNot: oneOf([room, ...allowed]) },
  },
  {
    name: `${room}-tests-import-only-its-layer-and-testing`,
    severity: 'error',
    from: { path: `^src/${room}/.*${TEST}` },
    to: { path: '^src/[^/]+/', pathNot: oneOf([room, ...allowed, 'testing']) },
  },
]);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layering,
    {
      name: 'room-is-in-the-table',
      comment: 'A folder in src that the table does not know has no layer: add it to ROOMS and to the design.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: oneOf(EVERY) },
      to: {},
    },
    {
      name: 'rooms-are-entered-by-their-front-door',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/client/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'outside-uses-front-doors',
      comment: 'bench, examples, tests that cross rooms and scripts see what a user of the package sees.',
      severity: 'error',
      from: { path: '^(bench|examples|test|scripts)/' },
      to: { path: '^src/[^/]+/', pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'client-sees-only-the-contract',
      comment: 'It runs in browsers, and depends on nothing.',
      severity: 'error',
      from: { path: '^src/client/', pathNot: TEST },
      to: { path: '^src/', pathNot: '^src/(client/|server/contract\\.ts$)' },
    },
    {
      name: 'client-takes-types-only',
      severity: 'error',
      from: { path: '^src/client/', pathNot: TEST },
      to: { path: '^src/', pathNot: '^src/client/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-depends-on-nothing',
      comment: 'React comes from the app, and only to its own entry.',
      severity: 'error',
      from: { path: '^src/client/', pathNot: [TEST, '-testing\\.ts$', '^src/client/react\\.ts$'] },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'] },
    },
    {
      name: 'studio-sees-only-the-contract-and-the-client',
      severity: 'error',
      from: { path: '^studio/' },
      to: { path: '^src/', pathNot: '^src/(server/contract|client/index|client/react)\\.ts$' },
    },
    {
      name: 'studio-takes-types-only',
      severity: 'error',
      from: { path: '^studio/' },
      to: { path: '^src/', pathNot: '^src/client/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sources-do-not-see-the-studio',
      severity: 'error',
      from: { path: '^(src|bench|examples)/' },
      to: { path: '^studio/' },
    },
    {
      name: 'rooms-that-compute-do-no-io',
      severity: 'error',
      from: { path: oneOf(PURE), pathNot: TEST },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg'],
        pathNot: PURE_MAY_IMPORT,
      },
    },
    {
      name: 'runtime-code-imports-no-dev-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/testing/', '^src/client/react\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'nothing-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: {},
      to: { path: `(${TEST}|^test/)`, pathNot: '^test/.*(?<!\\.test)\\.ts$' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/|/assembly/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
