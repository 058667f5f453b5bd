/** What `shelfwise config init` writes: every section, with its defaults told. */

const BODY = `  // Where it listens and keeps its data. Read at the start.
  server: {
    host: '127.0.0.1',
    port: 7878,
    dataDir: '.shelfwise',
  },

  // How it runs. Read at the start.
  platform: {
    // Share of listeners whose Home is always drawn by popularity: the permanent baseline.
    popularityHoldout: 0.02,
    pageLifetimeMs: 1800000,
  },

  // Who is told when data goes wrong or the platform is in trouble: without routes the log is. Read at the start. A webhook:
  // routes: [{ to: 'webhook', name: 'on call', url: 'https://…', secretsFrom: ['ALERT_SECRET'] }]
  alerts: {
    retentionDays: 90,
  },

  // All that follows takes effect while it runs, with the next Home after the file is saved.
  home: {
    creatorCapPerRow: 3,
    creatorCapPerPage: 8,
    // Who is hardly known is explored with more: both temperatures times 2, and at least 0.15 drawn evenly.
    coldStartTemperature: 2,
    coldStartEpsilon: 0.15,
  },

  // The policy, with its options beside its id.
  policy: {
    id: 'plackett-luce',
    shelfTemperature: 0.35,
    shelfEpsilon: 0.05,
    cardTemperature: 0.06,
    cardEpsilon: 0.05,
  },

  // The reward model, with its family's options beside it. A family that is not trained yet is trained beside serving.
  // Left out, what \`shelfwise model promote\` names serves, and until then the model of the listening history.
  model: {
    family: 'logistic',
  },

  // What every training takes where its caller says nothing.
  training: {
    examples: '90d',
    weighting: 'uniform',
    weightClip: 10,
  },
`;

export const SAMPLE_TS = `// Shelfwise's configuration. \`shelfwise config check\` says what is wrong with it.
import { defineConfig } from 'shelfwise/config';

export default defineConfig({
${BODY}});
`;

/** The same as YAML: indented two less, without braces, commas and quotes that it does not need. */
export const SAMPLE_YAML = `# Shelfwise's configuration. \`shelfwise config check\` says what is wrong with it.
${BODY.split('\n')
  .map((line) => line.slice(2))
  .filter((line) => line !== '},' && line !== '}')
  .map((line) =>
    line
      .replace(/^(\s*)\/\//, '$1#')
      .replace(/: \{$/, ':')
      .replace(/,$/, ''),
  )
  .join('\n')}`;
