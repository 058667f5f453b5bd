/** The contract of data that is watched: sets, features, slices, schemas; alerts, silences and rules. */
import { describe, expect, it } from 'vitest';
import type {
  AlertRuleList,
  AlertView,
  AnomaliesReport,
  DataSchemaHistory,
  DataSet,
  DataTimeline,
  ExaminationOfData,
  RuleView,
  SilenceView,
  SlicesReport,
  StatisticsPage,
} from '../../src/server/index.ts';
import { playOf } from '../support.ts';
import { ask, refused, refusedBodies } from './asking.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };
const NO_SET = { status: 404, code: 'DATA_SET_NOT_FOUND' };
const WHO = { author: 'Ada', reason: 'the contract is kept' };
const CROWD = 60;
/** Alert me on whatever is wrong with plays. */
const RULE = { kind: 'anomaly', finding: '*', source: 'play', severity: 'info', ...WHO };

export function dataKeepsTheContract(): void {
  describe('data that is watched', () => {
    /** An hour of plays, half of them of a length that the hours before did not know. */
    let plays: AnomaliesReport;

    let ruleName: string;

    it('is examined when it is asked for, set by set', async () => {
      const added = await ask<RuleView>('POST', '/v1/alerts/rules', RULE);
      expect(added).toMatchObject({ status: 201, json: { from: 'person', finding: '*' } });
      ruleName = added.json.name;
      const events = Array.from({ length: CROWD }, (_, i) => ({
        ...playOf(`crowd-${i}`, `crowd-${i}`, 'track-00001'),
        device: 'car',
        playedMs: 170,
        durationMs: 200,
      }));
      await ask('POST', '/v1/events', { events });
      const { sets } = (await ask<ExaminationOfData>('POST', '/v1/data/examine', {})).json;
      const found = sets.find(({ set }) => set.stream === 'play' && set.examples >= CROWD);
      if (found === undefined) throw new Error(`no hour of plays in ${sets.map(({ set }) => set.id)}`);
      plays = found;
      const lines = await ask('POST', '/v1/data/examine', { streams: ['serving'] }, { accept: 'application/x-ndjson' });
      expect(lines.text.trim().split('\n').at(-1)).toContain('"result"');
      await refusedBodies('POST', '/v1/data/examine', [{ streams: ['tears'] }, { colour: 1 }], INVALID);
    });

    it('is told of in figures: sets, features, slices, anomalies, over time', async () => {
      const { id } = plays.set;
      const { sets, total } = (await ask<{ sets: DataSet[]; total: number }>('GET', '/v1/data/sets?limit=2')).json;
      expect([sets.length, total > 2]).toEqual([2, true]);
      const features = (await ask<StatisticsPage>('GET', `/v1/data/statistics?sets=${id}&search=played`)).json.features;
      expect(features.map(({ name }) => name)).toEqual(['playedMs']);
      const slices = (await ask<SlicesReport>('GET', `/v1/data/slices?set=${id}&by=device`)).json.slices;
      expect(slices.map(({ slice }) => slice)).toContain('device_car');
      expect((await ask<AnomaliesReport>('GET', `/v1/data/anomalies?set=${id}`)).json.set.id).toBe(id);
      const over = (await ask<DataTimeline>('GET', '/v1/data/timeline?stream=play&spans=3')).json;
      expect(over.sets.at(-1)?.id).toBe(id);
      const nothing = 'set=play/1999-01-01T00';
      await refused('GET', [`/v1/data/anomalies?${nothing}`, `/v1/data/slices?${nothing}`], NO_SET);
      await refused('GET', ['/v1/data/statistics?sets=play/1999-01-01T00'], NO_SET);
      const bad = ['sets?stream=tears', 'sets?limit=0', 'statistics', 'slices', 'anomalies?set=../x', 'timeline'];
      await refused(
        'GET',
        bad.map((path) => `/v1/data/${path}`),
        INVALID,
      );
    });

    it('has schemas that people accept into, and put back', async () => {
      const acceptable = plays.anomalies.find(({ acceptedLines }) => acceptedLines !== '');
      if (acceptable === undefined) throw new Error(`nothing to accept in ${JSON.stringify(plays)}`);
      await ask('GET', '/v1/data/schemas');
      const { version } = (await ask<DataSchemaHistory>('GET', '/v1/data/schemas/play')).json;
      const body = { set: plays.set.id, paths: [acceptable.path], ...WHO };
      const accepted = (await ask<DataSchemaHistory>('POST', '/v1/data/schemas/play/accept', body)).json;
      expect(accepted.versions[0]).toMatchObject({ version: version + 1, change: 'accepted', ...WHO });
      await refusedBodies('POST', '/v1/data/schemas/play/undo', [{ ...WHO, newest: version }], {
        status: 409,
        code: 'DATA_SCHEMA_CHANGED',
      });
      const undo = { ...WHO, newest: version + 1 };
      const undone = (await ask<DataSchemaHistory>('POST', '/v1/data/schemas/play/undo', undo)).json;
      expect(undone.versions[0]).toMatchObject({ version: version + 2, change: 'undone' });
      expect((await ask('GET', `/v1/data/schemas/play?version=${version}`)).json).toMatchObject({ text: undone.text });
      await refused(
        'GET',
        ['/v1/data/schemas?x=1', '/v1/data/schemas/tears', '/v1/data/schemas/play?version=0'],
        INVALID,
      );
      await refusedBodies('POST', '/v1/data/schemas/play/accept', [{}, { ...body, author: '' }], INVALID);
      await refusedBodies('POST', '/v1/data/schemas/play/undo', [{}, { ...WHO, colour: 1 }], INVALID);
    });

    it('alerts by rules that people add, until they are silenced, closed or removed', async () => {
      const { alerts } = (await ask<{ alerts: AlertView[] }>('GET', '/v1/alerts?state=firing')).json;
      const mine = alerts.find((alert) => alert.rule === ruleName);
      expect(mine).toMatchObject({ source: 'play', silenced: false });

      const silence = { matcher: { source: 'play' }, untilMs: Date.now() + 3_600_000, ...WHO };
      const { id } = (await ask<SilenceView>('POST', '/v1/alerts/silences', silence)).json;
      const { silences } = (await ask<{ silences: SilenceView[] }>('GET', '/v1/alerts/silences')).json;
      expect(silences.map((one) => one.id)).toContain(id);
      expect((await ask('DELETE', `/v1/alerts/silences/${id}`)).status).toBe(204);

      expect((await ask('POST', `/v1/alerts/${mine?.id}/close`, { author: 'Ada' })).status).toBe(204);
      await ask('GET', '/v1/alerts/notices?limit=5');
      const { rules } = (await ask<AlertRuleList>('GET', '/v1/alerts/rules')).json;
      expect(rules.map((one) => one.name)).toContain(ruleName);
      expect((await ask('DELETE', `/v1/alerts/rules/${encodeURIComponent(ruleName)}`)).status).toBe(204);
      expect(await ask('POST', '/v1/alerts/test', {})).toMatchObject({ status: 200 });

      await refused('GET', ['/v1/alerts?state=sad', '/v1/alerts/notices?limit=0', '/v1/alerts/rules?x=1'], INVALID);
      await refused('GET', ['/v1/alerts/silences?x=1'], INVALID);
      await refusedBodies('POST', '/v1/alerts/rules', [{}, { ...RULE, kind: 'mood' }], INVALID);
      await refusedBodies('POST', '/v1/alerts/silences', [{}, { ...silence, untilMs: 'later' }], INVALID);
      await refusedBodies('POST', '/v1/alerts/test', [{ route: '' }], INVALID);
      for (const path of ['silences/nothing', 'rules/nothing']) {
        expect((await ask('DELETE', `/v1/alerts/${path}`)).status).toBeGreaterThanOrEqual(400);
      }
      expect((await ask('POST', '/v1/alerts/nothing/close', { author: 'Ada' })).status).toBeGreaterThanOrEqual(400);
    });
  });
}
