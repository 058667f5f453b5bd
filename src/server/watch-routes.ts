/** Data validation: the platform's own data in figures, its anomalies, its schemas and their history. */
import type { FastifyInstance } from 'fastify';
import type {
  AcceptRequest,
  DataStream,
  ExamineRequest,
  FeatureOrder,
  PlatformService,
  StatisticsQuery,
  UndoRequest,
} from '../platform/index.ts';
import { PROGRESS_MEDIA_TYPE } from './contract.ts';
import { answerJob } from './jobs.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';
import {
  AcceptBody,
  DataAnomaliesQuery,
  DataSchemaParams,
  DataSchemaQuery,
  DataSchemasAnswer,
  DataSetsAnswer,
  DataSetsQuery,
  DataSlicesQuery,
  DataStatisticsQuery,
  DataTimelineQuery,
  ExamineBody,
  UndoBody,
} from './watch-contract.ts';

interface Paged {
  limit?: number;
  offset?: number;
}
interface ByName {
  Params: { name: string };
}

export function registerWatch(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  registerFigures(app, context, platform);
  registerSchemas(app, context, platform);
}

function registerFigures(app: FastifyInstance, context: RouteContext, platform: PlatformService): void {
  const tags = ['data'];
  const onRequest = needs(context, 'explain');

  app.get<{ Querystring: Paged & { stream?: DataStream } }>('/v1/data/sets', {
    schema: {
      operationId: 'listDataSets',
      summary: 'Spans of examples and hours of events that were examined, newest first.',
      tags,
      querystring: DataSetsQuery,
      response: answers(DataSetsAnswer, 'A page of data sets, and how many there are in all.'),
    },
    onRequest,
    handler: ({ query: { stream, limit = 100, offset = 0 } }) => platform.dataSets({ stream, limit, offset }),
  });

  app.get<{
    Querystring: Paged & Partial<Omit<StatisticsQuery, 'sets'>> & { sets: string; order?: FeatureOrder };
  }>('/v1/data/statistics', {
    schema: {
      operationId: 'getDataStatistics',
      summary: 'Features of one data set or several side by side: figures, distributions, distances.',
      tags,
      querystring: DataStatisticsQuery,
      response: answers({ $ref: 'DataStatistics' }, 'A page of features.'),
    },
    onRequest,
    handler: ({ query: { sets, limit = 50, offset = 0, ...query } }) =>
      platform.dataStatistics({ ...query, sets: sets.split(','), limit, offset }),
  });

  app.get<{ Querystring: { set: string; by?: string; feature?: string } }>('/v1/data/slices', {
    schema: {
      operationId: 'getDataSlices',
      summary: 'The slices of a data set: their shares, and one feature in each.',
      tags,
      querystring: DataSlicesQuery,
      response: answers({ $ref: 'DataSlices' }, 'Slices, the largest first.'),
    },
    onRequest,
    handler: ({ query }) => platform.dataSlices(query),
  });

  app.get<{ Querystring: { set: string } }>('/v1/data/anomalies', {
    schema: {
      operationId: 'getDataAnomalies',
      summary: 'What is wrong with a data set, with the lines of the schema that it departs from.',
      tags,
      querystring: DataAnomaliesQuery,
      response: answers({ $ref: 'DataAnomalies' }, 'Anomalies, errors first, and every distance that was measured.'),
    },
    onRequest,
    handler: ({ query: { set } }) => platform.dataAnomalies(set),
  });

  app.get<{
    Querystring: Paged & { stream: DataStream; slice?: string; search?: string; spans?: number };
  }>('/v1/data/timeline', {
    schema: {
      operationId: 'getDataTimeline',
      summary: 'Each feature of a stream over its last spans: drift, skew, missing, mean.',
      tags,
      querystring: DataTimelineQuery,
      response: answers({ $ref: 'DataTimeline' }, 'A page of features, those of the largest drift first.'),
    },
    onRequest,
    handler: ({ query: { spans = 30, limit = 20, offset = 0, ...query } }) =>
      platform.dataTimeline({ ...query, spans, limit, offset }),
  });

  app.post<{ Body: ExamineRequest }>('/v1/data/examine', {
    schema: {
      operationId: 'examineData',
      summary:
        'Examines data now: sets are measured and judged anew, and alerts follow. A timer does the same by itself.',
      tags,
      querystring: NO_QUERY,
      body: ExamineBody,
      response: answers(
        { $ref: 'DataExamination' },
        'What was found, set by set. As NDJSON: lines of progress, then the result or a problem.',
        [PROGRESS_MEDIA_TYPE],
      ),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'admin'),
    handler: (request, reply) =>
      answerJob(request, reply, context, (onProgress, signal) =>
        platform.examineData(request.body, { onProgress, signal }),
      ),
  });
}

function registerSchemas(app: FastifyInstance, context: RouteContext, platform: PlatformService): void {
  const tags = ['data'];
  const reads = needs(context, 'explain');
  const changes = needs(context, 'admin');

  app.get('/v1/data/schemas', {
    schema: {
      operationId: 'listDataSchemas',
      summary: 'The schemas that data must satisfy: of examples, and of each type of event.',
      tags,
      querystring: NO_QUERY,
      response: answers(DataSchemasAnswer, 'Names and versions.'),
    },
    onRequest: reads,
    handler: async () => ({ schemas: await platform.dataSchemas() }),
  });

  app.get<ByName & { Querystring: { version?: number } }>('/v1/data/schemas/:name', {
    schema: {
      operationId: 'getDataSchema',
      summary: 'A schema as text, and who changed what of it when and why.',
      tags,
      params: DataSchemaParams,
      querystring: DataSchemaQuery,
      response: answers(
        { $ref: 'DataSchema' },
        'The schema in force, or as it was at a version; versions newest first.',
      ),
    },
    onRequest: reads,
    handler: ({ params, query }) => platform.dataSchema(params.name, query.version),
  });

  app.post<ByName & { Body: AcceptRequest & { set: string } }>('/v1/data/schemas/:name/accept', {
    schema: {
      operationId: 'acceptDataAnomalies',
      summary: 'Takes anomalies of a data set into the schema: the data is right. The set is then validated anew.',
      tags,
      params: DataSchemaParams,
      querystring: NO_QUERY,
      body: AcceptBody,
      response: answers({ $ref: 'DataSchema' }, 'The new schema; on disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: changes,
    handler: ({ params, body: { set, ...request } }) => platform.acceptAnomalies(params.name, set, request),
  });

  app.post<ByName & { Body: UndoRequest }>('/v1/data/schemas/:name/undo', {
    schema: {
      operationId: 'undoDataSchema',
      summary: 'Puts a schema back to what it was, as a new version.',
      tags,
      params: DataSchemaParams,
      querystring: NO_QUERY,
      body: UndoBody,
      response: answers({ $ref: 'DataSchema' }, 'The schema in force now; on disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: changes,
    handler: ({ params, body }) => platform.undoSchema(params.name, body),
  });
}
