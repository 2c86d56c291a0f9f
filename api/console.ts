/**
 * The console under `/console`: files built from the folder `console/`, which need no other host
 * and run no script but their own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Router, type Response } from 'express';
import staticGzip from 'express-static-gzip';
import { pageHeaders } from './docs.ts';

/** The strictest policy that such a page works under: nothing inline, nothing from elsewhere. */
const headers = {
  ...pageHeaders,
  'content-security-policy': [
    "default-src 'none'",
    ...["script-src 'self'", "style-src 'self'", "font-src 'self'", "img-src 'self'"],
    ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/**
 * A router to be mounted at `/console`. Every address that is no file is the page itself, which
 * reads the rest; `no-store`, because the one of the callback holds a code.
 * @param deps.folder what `npm run build:console` made; without it there is no such page
 */
export function createConsole({ folder }: { folder: string }): Router {
  const page = join(folder, 'index.html');
  const router = Router();
  const files = staticGzip(join(folder, 'assets'), {
    ...{ enableBrotli: true, orderPreference: ['br', 'gzip'], index: false },
    serveStatic: { immutable: true, maxAge: '1y', fallthrough: false },
  });
  router.use('/assets', withHeaders, files);
  router.get('/icon.svg', withHeaders, (_request, response) => {
    response.sendFile(join(folder, 'icon.svg'));
  });
  router.get(/.*/, withHeaders, (_request, response, next) => {
    if (!existsSync(page)) return next();
    response.set('cache-control', 'no-store').sendFile(page);
  });
  return router;
}

function withHeaders(_request: unknown, response: Response, next: () => void): void {
  response.set(headers);
  next();
}
