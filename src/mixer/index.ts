export { runPipeline } from './run.ts';
export type {
  Filter,
  Filtered,
  Hydrator,
  OnFailure,
  Outcome,
  Pipeline,
  QueryHydrator,
  RemovalTrace,
  Removed,
  Scorer,
  Selector,
  SideEffect,
  Source,
  StageTrace,
  Trace,
} from './stages.ts';
