// `npm run docs`: writes docs/errors.md from the catalogue of errors. With --check nothing is written: it fails when the two are out of step.
import { readFileSync, writeFileSync } from 'node:fs';
import { errorsDocument } from './errors-document.ts';

const file = new URL('../docs/errors.md', import.meta.url);
if (!process.argv.includes('--check')) {
  writeFileSync(file, errorsDocument());
  process.stdout.write('docs/errors.md is written.\n');
} else if (readFileSync(file, 'utf8') === errorsDocument()) {
  process.stdout.write('docs/errors.md is in step with the catalogue.\n');
} else {
  process.stdout.write('docs/errors.md is out of step with the catalogue: run `npm run docs`.\n');
  process.exitCode = 1;
}
