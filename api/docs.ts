/** The contract for people and programs under `/docs`: no script and no other host. */
import { readFileSync } from 'node:fs';
import { Router, type RequestHandler } from 'express';
import { CORE_SCHEMA, load } from 'js-yaml';
import { referencePage } from './reference/page.ts';
import { problemsPage } from './reference/problems.ts';
import type { Spec } from './reference/spec.ts';

const stylePath = new URL('./reference/style.css', import.meta.url);

/** Of a page that needs neither a script nor another host. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/**
 * A router to be mounted at `/docs`: the reference, `/problems` (every code), `/openapi.yaml`,
 * `/openapi.json` and `/style.css`. Throws when a file cannot be read. Pages are made at
 * their first visit and kept, so that no start waits for them.
 * @param deps.specPath path of `openapi.yaml`
 */
export function createDocs({ specPath }: { specPath: string }): Router {
  const yaml = readFileSync(specPath, 'utf8');
  const style = readFileSync(stylePath, 'utf8');
  // `yaml` would stop everyone for 1.8 s. In the core schema dates stay texts.
  const spec = once(() => load(yaml, { schema: CORE_SCHEMA }) as Spec);
  const pages: Readonly<Record<string, { type: string; make: () => string }>> = {
    '/': { type: 'text/html', make: () => referencePage(spec()) },
    '/problems': { type: 'text/html', make: problemsPage },
    '/openapi.yaml': { type: 'application/yaml', make: () => yaml },
    '/openapi.json': { type: 'application/json', make: () => JSON.stringify(spec()) },
    '/style.css': { type: 'text/css', make: () => style },
  };
  const router = Router();
  for (const [path, { type, make }] of Object.entries(pages)) {
    const text = once(make);
    const show: RequestHandler = (_request, response) => {
      response.set({ ...pageHeaders, 'content-type': `${type}; charset=utf-8` }).send(text());
    };
    router.get(path, show);
  }
  return router;
}

function once<T extends object | string>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
