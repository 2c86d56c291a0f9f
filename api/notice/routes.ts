/** The notice for everybody: its page under `/notice`, and its facts as JSON. */
import { readFileSync } from 'node:fs';
import { Router, type Request, type Response } from 'express';
import { pageHeaders } from '../docs.ts';
import type { Handlers } from '../handler.ts';
import { pickLanguage, type Language } from '../problem.ts';
import { noticeCaching, sheetOf, type Board, type Sheet } from './board.ts';

const stylePath = new URL('./style.css', import.meta.url);

/** `?lang=` where it names a language of ours, else what the browser prefers. */
function languageOf(request: Request): Language {
  const asked = request.query['lang'];
  if (asked === 'en' || asked === 'ko') return asked;
  return pickLanguage(request.get('accept-language'));
}

/** Express answers 304 by itself where `If-None-Match` names this `ETag`. */
function send(response: Response, type: string, { text, etag }: Sheet): void {
  const caching = { 'cache-control': noticeCaching, etag };
  response.set({ ...pageHeaders, ...caching, 'content-type': `${type}; charset=utf-8` });
  response.send(text);
}

/** A router to be mounted at `/notice`: the page in English or Korean, and `/style.css`. */
export function createNoticePages(board: Board): Router {
  const style = sheetOf(readFileSync(stylePath, 'utf8'));
  const router = Router();
  router.get('/', (request, response) => {
    const language = languageOf(request);
    response.set({ vary: 'Accept-Language', 'content-language': language });
    send(response, 'text/html', board.current().page(language));
  });
  router.get('/style.css', (_request, response) => send(response, 'text/css', style));
  return router;
}

/** The notice as JSON, in both languages at once. */
export function noticeHandlers(board: Board): Pick<Handlers, 'getNotice'> {
  return {
    getNotice() {
      const { notice, etag } = board.current();
      return { status: 200, body: notice, headers: { 'cache-control': noticeCaching, etag } };
    },
  };
}
