// `npm run docs`: writes docs/errors.md from the catalogue of errors. A test fails when the two are out of step.
import { writeFileSync } from 'node:fs';
import { errorsDocument } from './errors-document.ts';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsDocument());
process.stdout.write('docs/errors.md is written.\n');
