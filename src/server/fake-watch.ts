/** Data and alerts for the fake platform: one set with one anomaly, and what people say of it. */
import { type Clock, ShelfwiseError } from '../base/index.ts';
import type { AlertService, DataAnomaly, DataSchemaHistory, DataService, DataSet } from '../platform/index.ts';

export function createFakeWatch(clock: Clock): DataService & AlertService {
  const set: DataSet = {
    id: 'training/2026-11-20',
    stream: 'training',
    span: '2026-11-20',
    fromMs: 0,
    toMs: 1,
    examples: 10,
    units: 5,
    features: 1,
    slices: 0,
    complete: true,
    examinedAtMs: 0,
    anomalies: { errors: 1, warnings: 0 },
    note: '',
  };
  const anomaly: DataAnomaly = {
    path: 'tier',
    feature: 'tier',
    slice: '',
    severity: 'error',
    types: ['ENUM_TYPE_UNEXPECTED_STRING_VALUES'],
    short: 'Unexpected string values',
    description: 'Examples contain values missing from the schema: trial (10%).',
    schemaLines: 'feature {\n  name: "tier"\n}\n',
    acceptedLines: 'feature {\n  name: "tier"\n}\n',
  };
  const schema: DataSchemaHistory = {
    name: 'examples',
    version: 1,
    features: 1,
    changedAtMs: 0,
    text: '',
    versions: [],
  };
  const report = { set, schema: { name: 'examples', version: 1 }, anomalies: [anomaly], distances: [] };
  const known = <T>(id: string, answer: T): T => {
    if (id !== set.id) throw new ShelfwiseError('DATA_SET_NOT_FOUND', id);
    return answer;
  };
  const silences = new Map<string, Awaited<ReturnType<AlertService['addSilence']>>>();
  const rules = new Map<string, Awaited<ReturnType<AlertService['addAlertRule']>>>();
  return {
    dataSets: async () => ({ sets: [set], total: 1 }),
    dataStatistics: async ({ sets, slice = '' }) => known(sets[0], { sets: [set], slice, features: [], total: 0 }),
    dataSlices: async ({ set: id }) =>
      known(id, { set, by: 'tier', slicedBy: ['tier'], before: null, feature: '', overall: null, slices: [] }),
    dataAnomalies: async (id) => known(id, report),
    dataTimeline: async ({ stream, slice = '' }) => ({ stream, slice, sets: [set], features: [], total: 0 }),
    dataSchemas: async () => [schema],
    dataSchema: async () => schema,
    acceptAnomalies: async (_name, id) => known(id, schema),
    undoSchema: async () => schema,
    async examineData(_request, { onProgress } = {}) {
      onProgress?.('training', 1);
      return { sets: [report], clean: false, seconds: 0 };
    },
    alerts: async () => [],
    closeAlert: async (id) => {
      throw new ShelfwiseError('ALERT_NOT_FOUND', `no alert ${id} lasts`);
    },
    silences: async () => [...silences.values()],
    async addSilence(asked) {
      const silence = { id: `silence-${silences.size}`, fromMs: clock.nowMs(), ...asked };
      silences.set(silence.id, silence);
      return silence;
    },
    async endSilence(id) {
      if (!silences.delete(id)) throw new ShelfwiseError('ALERT_SILENCE_NOT_FOUND', `no silence ${id} lasts`);
    },
    alertRules: async () => ({ rules: [...rules.values()], routes: [{ name: 'log', to: 'log', problem: '' }] }),
    async addAlertRule({ name = 'a rule', author, reason, kind = 'anomaly', ...rule }) {
      const added = {
        finding: '*',
        source: '*',
        feature: '*',
        slice: '*',
        severity: 'info',
        above: null,
        below: null,
        forMs: 0,
        clearForMs: 0,
        routes: ['log'],
        ...rule,
        name,
        kind,
        from: 'person',
        author,
        reason,
        addedAtMs: clock.nowMs(),
      } as const;
      rules.set(name, added);
      return added;
    },
    async removeAlertRule(name) {
      if (!rules.delete(name)) throw new ShelfwiseError('ALERT_RULE_NOT_FOUND', name);
    },
    alertNotices: async () => [],
    testAlerts: async () => [{ route: 'log', delivered: true, reason: '' }],
  };
}
