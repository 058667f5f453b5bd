/** The worker thread behind `watch.ts`: opens the data directory's stores for itself, examines data, answers questions about it. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, SECOND_MS, ShelfwiseError, systemClock } from '../../base/index.ts';
import type { FromAskedThread, ToAskedThread } from '../asking-thread.ts';
import { createEnding, type EndingMemory } from '../ending.ts';
import { createPace } from '../pace.ts';
import { openWorkspace } from '../workspace.ts';
import { acceptedFeatures } from './acceptance.ts';
import { openEventHours } from './event-hours.ts';
import { createExaminer } from './examiner.ts';
import { createFigures } from './figures.ts';
import { openLogPlaces } from './log-places.ts';
import type { DataAnswers, DataEnds, DataQuestion } from './questions.ts';
import { roundsOf } from './rounds.ts';
import { createSchemas } from './schema-store.ts';
import type { AcceptRequest, DataSchemaHistory, DataSet, DataStream } from './service.ts';
import { openSetStore } from './set-store.ts';
import { schemaNameOf } from './spans.ts';

if (parentPort === null) throw new ShelfwiseError('BUG', 'data is validated in a worker thread');
const port = parentPort;
const { dir, endingMemory } = workerData as { readonly dir: string; readonly endingMemory: EndingMemory };
const ending = createEnding(endingMemory);
const workspace = openWorkspace(dir, ending);
const post = (message: FromAskedThread<DataAnswers[keyof DataAnswers]>): void => port.postMessage(message);
const report = (text: string): void => post({ type: 'said', text });

/** Of the question that is answered: what time it is, the platform says. */
let nowMs = systemClock.nowMs();
const sets = openSetStore(dir);
const hours = openEventHours(dir, report);
const schemas = createSchemas(
  workspace.metadata.settings,
  workspace.encoder,
  () => {
    const { tiers, markets } = workspace.vocabularies();
    return { tiers: tiers.since(0), markets: markets.since(0) };
  },
  { nowMs: () => nowMs },
);
const places = openLogPlaces(dir, report);
/** Questions that somebody waits for: all but the platform's own round. */
let awaited = 0;
const pace = createPace(systemClock, () => awaited > 0 || ending.asked());
const examiner = createExaminer({ workspace, sets, hours, places, schemas, clock: systemClock, pace });
const figures = createFigures(sets, examiner.measured);
const told = new Map<string, number>();

/** What reads and writes sets goes one after the other; questions about them do not wait for it. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => undefined);
  return turn;
}

async function accept(name: string, id: string, { paths, author, reason }: AcceptRequest): Promise<void> {
  const { stored, set, before, serving } = examiner.measured(id);
  if (schemaNameOf(stored.set.stream) !== name)
    throw new ShelfwiseError('OPTION_INVALID', `${id} is not validated by the schema "${name}"`);
  const { schema } = await schemas.current(name);
  const environment = stored.set.stream.toUpperCase();
  const options = { schema, before, serving, ...(name === 'examples' ? { environment } : {}) };
  const features = acceptedFeatures(set, stored.anomalies, paths, options);
  await schemas.accept(name, features, author, reason);
}

const setsOf = (name: string): readonly (readonly DataSet[])[] =>
  (name === 'examples' ? (['serving', 'training', 'evaluation'] as const) : [name as DataStream]).map((stream) =>
    sets.list(stream),
  );

/** Judges what the schema is about anew: the newest sets, and those that somebody looks at. */
async function judgeAgain(name: string, others: readonly string[]): Promise<void> {
  const newest = setsOf(name).flatMap((list) => list.slice(0, 2).map(({ id }) => id));
  for (const id of new Set([...newest, ...others])) await examiner.judgeAgain(id, nowMs);
}

/** Of a stream, the newest: what is older nobody looks at, and judging takes its time. */
const MOST_JUDGED_AGAIN = 48;

/** Sets that were judged by a version which came after that one: what is taken back was told of them. */
function judgedSince(name: string, version: number): readonly string[] {
  return setsOf(name).flatMap((list) =>
    list.slice(0, MOST_JUDGED_AGAIN).flatMap(({ id }) => ((sets.get(id)?.schema.version ?? 0) > version ? [id] : [])),
  );
}

async function changed(name: string): Promise<DataSchemaHistory & Pick<DataAnswers['accept'], 'rounds'>> {
  return { ...(await schemas.history(name)), rounds: roundsOf(sets, examiner.measured, told) };
}

async function watch(ends: DataEnds): Promise<DataAnswers['watch']> {
  await examiner.followEvents(ends);
  await examiner.followExamples(ends);
  const all = sets.list();
  const wrong = all.filter(({ anomalies }) => anomalies.errors > 0).length;
  const summary = `${all.length} data sets, ${wrong} with errors`;
  return { rounds: roundsOf(sets, examiner.measured, told), summary };
}

async function answer(
  question: DataQuestion,
  onProgress: (stage: string, share: number) => void,
): Promise<DataAnswers[keyof DataAnswers]> {
  switch (question.kind) {
    case 'watch':
      return inTurn(() => {
        nowMs = question.ends.nowMs;
        return watch(question.ends);
      });
    case 'examine':
      return inTurn(async () => {
        nowMs = question.ends.nowMs;
        const startMs = systemClock.monotonicMs();
        const ids = await examiner.examine(question.request, question.ends, onProgress);
        const found = ids.map((id) => figures.anomalies(id));
        const result = {
          sets: found,
          clean: found.every(({ set }) => set.anomalies.errors === 0),
          seconds: (systemClock.monotonicMs() - startMs) / SECOND_MS,
        };
        return { rounds: roundsOf(sets, examiner.measured, told), result };
      });
    case 'accept':
      return inTurn(async () => {
        nowMs = question.nowMs;
        await accept(question.name, question.set, question.request);
        await judgeAgain(question.name, [question.set]);
        return changed(question.name);
      });
    case 'undo':
      return inTurn(async () => {
        nowMs = question.nowMs;
        const { name, request } = question;
        const { version: now } = await schemas.history(name);
        await schemas.undo(name, request);
        await judgeAgain(name, judgedSince(name, request.version ?? now - 1));
        return changed(name);
      });
    case 'sets': {
      const all = sets.list(question.stream);
      return { sets: all.slice(question.offset, question.offset + question.limit), total: all.length };
    }
    case 'statistics':
      return figures.statistics(question.query);
    case 'slices':
      return figures.slices(question.set, question.by, question.feature);
    case 'anomalies':
      return figures.anomalies(question.set);
    case 'timeline':
      return figures.timeline(question.query);
    case 'schemas':
      return schemas.list();
    case 'schema':
      return schemas.history(question.name, question.version);
  }
}

async function ask({ id, question }: Extract<ToAskedThread<DataQuestion>, { type: 'ask' }>): Promise<void> {
  const waits = Number(question.kind !== 'watch');
  awaited += waits;
  if (waits > 0) pace.hurry();
  try {
    post({
      type: 'answer',
      id,
      answer: await answer(question, (stage, share) => post({ type: 'progress', id, stage, share })),
    });
  } catch (error) {
    post({ type: 'failed', id, code: error instanceof ShelfwiseError ? error.code : 'BUG', message: messageOf(error) });
  } finally {
    awaited -= waits;
  }
}

const asked = new Set<Promise<void>>();
port.on('message', (message: ToAskedThread<DataQuestion>) => {
  if (message.type === 'end') void end();
  else {
    const answered = ask(message).finally(() => asked.delete(answered));
    asked.add(answered);
  }
});

async function end(): Promise<void> {
  ending.begin();
  pace.hurry();
  await Promise.all(asked);
  await workspace.close();
  port.close();
}
