/** Fails when `api/openapi.d.ts` is not what `openapi.yaml` says: run `npm run generate` then. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

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
