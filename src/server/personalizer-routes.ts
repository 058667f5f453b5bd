/** Calls shaped like Azure Personalizer's rank, reward and activate. */
import type { FastifyInstance } from 'fastify';
import { freshSeed, ShelfwiseError, seedToBytes } from '../base/index.ts';
import { type IncomingEvent, isId } from '../domain/index.ts';
import type { KnownRanking } from '../platform/index.ts';
import {
  PersonalizerEventParams,
  PersonalizerRank,
  PersonalizerRanked,
  PersonalizerReward,
  type RankRequest,
  type RankResponse,
} from './personalizer-contract.ts';
import { activationOf, ENGINE, rankQueryOf, rankResponseOf, rewardEvent } from './personalizer-mapping.ts';
import { answersWith, needsKeyIn, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY, requestInvalid } from './validation.ts';

const KEY = 'ocp-apim-subscription-key';
const tags = ['personalizer'];
const ROOT = '/personalizer/v1.0';

interface ByEvent {
  Params: { eventId: string };
}

export function registerPersonalizer(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;
  const now = (): string => new Date(clock.nowMs()).toISOString();
  const rankingOf = (eventId: string): KnownRanking => {
    const ranking = platform.rankingOf(ENGINE, eventId);
    // One in which no action was available has none that could earn anything.
    if (ranking === undefined || ranking.itemIds.length === 0)
      throw new ShelfwiseError('RANKING_NOT_FOUND', eventId.slice(0, 100));
    return ranking;
  };
  const ingest = async (events: readonly IncomingEvent[]): Promise<void> => {
    for (const fate of await platform.ingest(events)) {
      if (fate.fate === 'rejected') throw new ShelfwiseError('REQUEST_INVALID', fate.message);
    }
  };

  app.post<{ Body: RankRequest }>(`${ROOT}/rank`, {
    schema: {
      operationId: 'personalizerRank',
      summary: 'Draws which action to show, and records it as a decision.',
      tags,
      querystring: NO_QUERY,
      body: PersonalizerRank,
      response: answersWith(201, PersonalizerRanked, 'The order, and the chance of each action to be drawn first.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needsKeyIn(KEY, context, 'serve'),
    handler: async ({ body }, reply): Promise<RankResponse> => {
      const eventId = body.eventId ?? Buffer.from(seedToBytes(freshSeed())).toString('hex');
      const query = rankQueryOf(body, eventId);
      if (!isId(query.listenerId)) {
        throw requestInvalid('body', [{ pointer: '/contextFeatures', message: 'name a listener by no valid id' }]);
      }
      if (query.itemIds.length === 0) {
        throw requestInvalid('body', [{ pointer: '/excludedActions', message: 'leaves no action' }]);
      }
      const answer = await platform.rank(query);
      if (answer.ranked.length === 0) {
        throw new ShelfwiseError('ITEM_NOT_FOUND', 'no action is available to the listener');
      }
      if (body.deferActivation !== true) await ingest(activationOf(rankingOf(eventId), eventId, now()));
      reply.code(201);
      return rankResponseOf(body, eventId, answer);
    },
  });

  app.post<ByEvent & { Body: { value: number } }>(`${ROOT}/events/:eventId/reward`, {
    schema: {
      operationId: 'personalizerReward',
      summary: 'Tells what the action of a rank call has earned; the first time counts.',
      tags,
      params: PersonalizerEventParams,
      querystring: NO_QUERY,
      body: PersonalizerReward,
      response: answersWith(204, undefined, 'On disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: async ({ params: { eventId }, body: { value } }, reply) => {
      const ranking = rankingOf(eventId);
      const event = rewardEvent(ranking, eventId, value, platform.getItem(ranking.itemIds[0])?.kind, now());
      if (event !== undefined) await ingest([event]);
      reply.code(204);
    },
  });

  app.post<ByEvent>(`${ROOT}/events/:eventId/activate`, {
    schema: {
      operationId: 'personalizerActivate',
      summary: 'Tells that the action of a deferred rank call was shown.',
      tags,
      params: PersonalizerEventParams,
      querystring: NO_QUERY,
      response: answersWith(204, undefined, 'On disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: async ({ params: { eventId } }, reply) => {
      await ingest(activationOf(rankingOf(eventId), eventId, now()));
      reply.code(204);
    },
  });
}
