/**
 * Fails when the types are not what openapi.yaml says, or the figures of README and docs/scale.md
 * not what was measured.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { readmeAgrees } from '../../bench/readme.ts';
import { scalePageAgrees } from '../../bench/scale-page.ts';

const specUrl = new URL('../../openapi.yaml', import.meta.url);
const typesPath = fileURLToPath(new URL('../../api/openapi.d.ts', import.meta.url));

const source = COMMENT_HEADER + astToString(await openapiTS(specUrl));
const expected = await format(source, {
  ...(await resolveConfig(typesPath)),
  filepath: typesPath,
});
const actual = await readFile(typesPath, 'utf8').catch(() => '');

if (actual !== expected) {
  console.error(
    'api/openapi.d.ts differs from what openapi.yaml says. ' +
      'Run `npm run generate` and commit both files.',
  );
  process.exitCode = 1;
}

if (!(await readmeAgrees())) {
  console.error(
    'The tables of figures in README.md are not made of bench/results/latest.json. ' +
      'Run `npm run bench -- --readme` and commit both files.',
  );
  process.exitCode = 1;
}

if (!(await scalePageAgrees())) {
  console.error(
    'The tables of docs/scale.md are not made of bench/results/latest.json. ' +
      'Run `npm run bench -- --readme` and commit both files.',
  );
  process.exitCode = 1;
}
