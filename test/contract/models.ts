/** The contract of models: the registry, training, ONNX files, the configuration's status, examination. */
import { describe, expect, it } from 'vitest';
import type {
  ComparisonReport,
  ConfigurationStatus,
  EvaluablePolicies,
  ExaminationReport,
  ListenerList,
  ModelDetail,
  ModelList,
  Page,
  Promotion,
  TrainedModel,
} from '../../src/server/index.ts';
import { ask, refused, refusedBodies, server } from './asking.ts';
import { PAST_HOMES } from './past-homes.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };
const UNKNOWN = { status: 404, code: 'MODEL_NOT_FOUND' };
const NOBODY = '0'.repeat(32);

/** Homes that were looked at, and plays of some of their cards: what there is to train on. */
async function live(): Promise<void> {
  const { listeners } = (await ask<ListenerList>('GET', '/v1/listeners?limit=20')).json;
  let n = 0;
  for (const { id } of listeners) {
    const page = (await ask<Page>('GET', `/v1/listeners/${id}/home?fresh=true&device=phone`)).json;
    const { decisionId } = page;
    const occurredAt = new Date().toISOString();
    const event = (more: Record<string, unknown>) => ({
      eventId: `models-${n++}`,
      listenerId: id,
      occurredAt,
      ...more,
    });
    const events = [event({ type: 'rendered', reference: { decisionId } })];
    for (const [shelfRank, { cards }] of page.shelves.entries()) {
      events.push(event({ type: 'impression', reference: { decisionId, shelfRank } }));
      const cardRank = n % Math.min(4, cards.length);
      const reference = { decisionId, shelfRank, cardRank };
      events.push(
        event({ type: 'play', itemId: cards[cardRank].id, playedMs: 120_000, durationMs: 180_000, reference }),
      );
    }
    expect((await ask('POST', '/v1/events', { events })).status).toBe(200);
  }
}

export function modelsKeepTheContract(): void {
  describe('models', () => {
    let trained: TrainedModel;

    it('are trained beside what serves, listed and shown', async () => {
      await live();
      const body = { family: 'logistic' };
      trained = (await ask<TrainedModel>('POST', '/v1/models/train', body)).json;
      expect(trained).toMatchObject({ family: 'logistic', promoted: false, serves: false });
      const list = (await ask<ModelList>('GET', '/v1/models')).json;
      expect(list.families).toContain('trees');
      expect(list.models.map(({ hash }) => hash)).toContain(trained.hash);
      expect((await ask<ModelDetail>('GET', `/v1/models/${trained.hash}`)).json.slices.length).toBeGreaterThan(0);
      const streamed = await ask('POST', '/v1/models/train', { ...body, seed: 2 }, { accept: 'application/x-ndjson' });
      expect(streamed.text.trim().split('\n').at(-1)).toContain('"result"');
      await refused('GET', [`/v1/models/${NOBODY}`], UNKNOWN);
      await refused('GET', ['/v1/models?serves=true'], INVALID);
      await refusedBodies('POST', '/v1/models/train', [undefined, {}, { family: 'logistic', colour: 1 }], INVALID);
      await refusedBodies('POST', '/v1/models/train', [{ family: 'forest' }], { status: 400, code: 'OPTION_INVALID' });
    });

    it('are promoted, and rolled back as far as there is something', async () => {
      const { hash } = trained;
      const promoted = (await ask<Promotion>('POST', `/v1/models/${hash}/promote`)).json;
      expect(promoted).toMatchObject({ hash, family: 'logistic' });
      expect((await ask<ModelList>('GET', '/v1/models')).json.rollback).toBe(promoted.before);
      expect((await ask<Promotion>('POST', '/v1/models/rollback')).json).toMatchObject({ hash: promoted.before });
      await refused('POST', ['/v1/models/rollback', `/v1/models/${NOBODY}/promote`], UNKNOWN);
    });

    it('leave as ONNX files and come back as such', async () => {
      const path = `/v1/models/${trained.hash}/onnx`;
      expect(await ask('GET', path)).toMatchObject({ status: 200, type: 'application/octet-stream' });
      const response = await fetch(`${server().address}${path}`, {
        headers: { authorization: `Bearer ${server().key}` },
      });
      const onnx = Buffer.from(await response.arrayBuffer()).toString('base64');
      expect((await ask<ModelDetail>('POST', '/v1/models/import', { onnx })).json).toMatchObject({
        origin: 'imported',
      });
      await refused('GET', [`/v1/models/${NOBODY}/onnx`], UNKNOWN);
      await refusedBodies('POST', '/v1/models/import', [undefined, {}, { onnx: 7 }], INVALID);
      await refusedBodies('POST', '/v1/models/import', [{ onnx: 'AAAA' }], { status: 422, code: 'ONNX_INVALID' });
    });

    it('are asked for by a configuration file, where there is one', async () => {
      expect((await ask<ConfigurationStatus>('GET', '/v1/configuration')).json).toMatchObject({ state: 'none' });
      await refused('GET', ['/v1/configuration?file=x'], INVALID);
    });

    it('go by how places are looked at, which is estimated', async () => {
      const report = (await ask<ExaminationReport>('POST', '/v1/examination/estimate', { method: 'dcm' })).json;
      expect(report.surfaces.map(({ surface }) => surface)).toContain('phone');
      await refusedBodies('POST', '/v1/examination/estimate', [{ method: 'guess' }, { colour: 1 }], INVALID);
    });

    it('are drawn by policies, which are compared on what was logged', async () => {
      const policies = [
        { policy: 'greedy' },
        { name: 'warm', policy: 'plackett-luce', options: { cardTemperature: 0.2 } },
      ];
      const report = (await ask<ComparisonReport>('POST', '/v1/evaluation/compare', { policies, by: ['device'] })).json;
      expect(report.decisions).toBe(PAST_HOMES);
      expect(report.overall.policies.map(({ name }) => name)).toEqual(['greedy', 'warm']);
      expect(report.slices.map(({ dimension, name }) => [dimension, name])).toEqual([['device', 'phone']]);
      const wrong = [
        {},
        { policies: [] },
        { policies, rung: 'cellar' },
        { policies, by: ['colour'] },
        { policies, colour: 1 },
      ];
      await refusedBodies('POST', '/v1/evaluation/compare', wrong, INVALID);
    });

    it('are drawn by policies, whose chances leave with what was logged', async () => {
      const body = { policies: [{ policy: 'greedy' }] };
      const { text } = await ask('POST', '/v1/evaluation/log', body, { accept: 'application/x-ndjson' });
      const lines = text.trim().split('\n');
      expect(lines.filter((line) => line.startsWith('{"part"')).length).toBeGreaterThan(0);
      expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ result: { decisions: PAST_HOMES } });
      await refusedBodies('POST', '/v1/evaluation/log', [{ policies: 7 }, { colour: 1 }], INVALID);
    });

    it('are drawn by policies, each of which tells what it would have shown instead', async () => {
      const { policies } = (await ask<EvaluablePolicies>('GET', '/v1/evaluation/policies')).json;
      expect(policies.map(({ id }) => id)).toEqual(expect.arrayContaining(['plackett-luce', 'greedy']));
      await refused('GET', ['/v1/evaluation/policies?colour=red'], INVALID);
      const { listeners } = (await ask<ListenerList>('GET', '/v1/listeners?limit=1')).json;
      const page = (await ask<Page>('GET', `/v1/listeners/${listeners[0].id}/home?fresh=true&device=phone`)).json;
      const instead = `/v1/decisions/${page.decisionId}/instead`;
      expect((await ask('POST', instead, { policy: { policy: 'uniform' } })).status).toBe(200);
      await refusedBodies('POST', instead, [{}, { policy: { policy: 'uniform' }, colour: 1 }], INVALID);
    });
  });
}
