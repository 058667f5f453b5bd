/** `shelfwise data`: is the data as it should be? Statistics, schemas, anomalies, in the files of TensorFlow Data Validation. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { registerDataDiff } from './data-diff.ts';
import { registerDataSchema } from './data-schema.ts';
import { registerDataShow } from './data-show.ts';
import { registerDataStats } from './data-stats.ts';
import { registerDataValidate } from './data-validate.ts';

export function registerData(program: Command, run: Run): void {
  const data = program
    .command('data')
    .description(
      'Is the data as it should be? Statistics against a schema, the span before and serving, in the files of TensorFlow Data ' +
        'Validation. Files need no platform; `data validate` without files looks at the platform’s own data.',
    );
  registerDataStats(data, run);
  registerDataSchema(data, run);
  registerDataValidate(data, run);
  registerDataDiff(data, run);
  registerDataShow(data, run);
}
