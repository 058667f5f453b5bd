/** The threads of a self-check: each holds the pool, and does the parts that it is told to. */
import { joinCrew, ShelfwiseError } from '../../base/index.ts';
import { examination } from '../people.ts';
import { Judge } from './judge.ts';
import { type PoolColumns, PoolReader } from './pool.ts';
import { type Replicate, type ReplicateSettings, Replicator } from './replicate.ts';
import { type TruthPart, truthOf } from './truth.ts';

export type Task =
  | {
      readonly kind: 'truth';
      readonly from: number;
      readonly to: number;
      readonly draws: number;
      readonly seed: number;
    }
  | { readonly kind: 'settings'; readonly settings: ReplicateSettings }
  | { readonly kind: 'replicate'; readonly number: number };

export type Reply =
  | { readonly kind: 'truth'; readonly part: TruthPart }
  | { readonly kind: 'settings' }
  | { readonly kind: 'replicate'; readonly replicate: Replicate };

joinCrew<Task, Reply, PoolColumns>((pool) => {
  const reader = new PoolReader(pool);
  const judge = new Judge(examination);
  let replicator: Replicator | undefined;
  return (task) => {
    switch (task.kind) {
      case 'truth':
        return { kind: 'truth', part: truthOf(reader, judge, task) };
      case 'settings':
        replicator = new Replicator(reader, judge, task.settings);
        return { kind: 'settings' };
      case 'replicate':
        if (replicator === undefined) throw new ShelfwiseError('BUG', 'a log is drawn before its settings are known');
        return { kind: 'replicate', replicate: replicator.run(task.number) };
    }
  };
});
