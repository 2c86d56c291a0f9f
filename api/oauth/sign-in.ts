/** Signing in, setting up an account and signing out: what the forms of the pages come to. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Router, urlencoded, type Request, type RequestHandler, type Response } from 'express';
import { canonicalBytes } from '#src/base/canonical.ts';
import type { Words } from '#src/base/words.ts';
import { codeSecretBytes, enrolmentOf } from '#src/access/one-time-code.ts';
import { enrol, findEnrolment, signIn, type EnrolFault } from '#src/access/sign-in.ts';
import { recordEnrolled, recordLock } from '#src/lifecycle/staff.ts';
import { addOpenidRoutes } from './openid-sign-in.ts';
import { endSession, signInPath } from './people.ts';
import { askAgain, consolePath, finishSignIn, headers, interactionOf } from './sign-in-answers.ts';
import { placeOf, send, tellOver, type SignInSettings } from './sign-in-answers.ts';
import { enrolPage, enrolTokenPage, wordPage } from './sign-in-pages.ts';
import { words } from './sign-in-words.ts';

const enrolPath = '/oauth2/enrol';
const style = readFileSync(new URL('./sign-in.css', import.meta.url), 'utf8');

type Form = Readonly<Record<string, unknown>>;

/** The routes below `/oauth2/` that people see; whatever is not theirs passes. */
export function createSignIn(settings: SignInSettings): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const readForm = [fromHere(settings.issuer), urlencoded({ extended: false, limit: '8kb' })];
  router.get('/oauth2/style.css', (_request, response) => {
    response
      .set({ ...headers, 'cache-control': 'no-cache' })
      .type('text/css')
      .send(style);
  });
  router.get(`${signInPath}/:uid`, (request, response) => showSignIn(settings, request, response));
  router.post(`${signInPath}/:uid`, ...readForm, (request, response) =>
    takeSignIn(settings, request, response),
  );
  if (settings.openid) addOpenidRoutes(router, { ...settings, openid: settings.openid });
  router.get(enrolPath, (request, response) => {
    send(response, 200, enrolTokenPage(placeOf(request), null));
  });
  router.post(enrolPath, ...readForm, (request, response) =>
    takeEnrolment(settings, request, response),
  );
  router.post('/oauth2/sign-out', ...readForm, async (request, response) => {
    await endSession(settings.provider(), { request, response });
    response.set(headers).redirect(303, '/oauth2/signed-out');
  });
  router.get('/oauth2/signed-out', (request, response) => {
    const next = { href: consolePath, label: words.title };
    send(response, 200, wordPage(placeOf(request), { title: words.signedOut, next }));
  });
  return router;
}

/** Forms of other sites are not read; browsers say where a form comes from. */
function fromHere(issuer: string): RequestHandler {
  return ({ headers: sent }, response, next) => {
    const { origin = issuer, 'sec-fetch-site': site = 'same-origin' } = sent;
    if (origin === issuer && site === 'same-origin') next();
    else response.status(403).set(headers).type('text/plain').send('forbidden\n');
  };
}

async function showSignIn(
  settings: SignInSettings,
  request: Request,
  response: Response,
): Promise<void> {
  if (!(await interactionOf(settings, request, response))) return tellOver(request, response);
  askAgain(settings, { request, response }, { status: 200, said: null });
}

async function takeSignIn(
  settings: SignInSettings,
  request: Request,
  response: Response,
): Promise<void> {
  const interaction = await interactionOf(settings, request, response);
  if (!interaction) return tellOver(request, response);
  const { people, log } = settings;
  const form = request.body as Form;
  const given = {
    ...{ account: text(form, 'account'), password: text(form, 'password') },
    code: text(form, 'code'),
  };
  const outcome = await signIn(people, given);
  if (!outcome.ok) {
    const source = request.ip ?? '';
    if (outcome.locked) await recordLock(people, { ...outcome.locked, source });
    const again = (status: number, said: Words) =>
      askAgain(settings, { request, response }, { status, said });
    if (outcome.isBusy) return again(503, words.busy);
    log.info({ reason: outcome.locked ? 'LOCKED' : 'REFUSED' }, 'sign-in refused');
    return again(401, words.refused);
  }
  const { staff } = outcome;
  await finishSignIn(settings, { request, response, interaction }, { staff });
}

/** First the secret that was given; then, with it, a password and a code of the new key. */
async function takeEnrolment(
  { people }: SignInSettings,
  request: Request,
  response: Response,
): Promise<void> {
  const place = placeOf(request);
  const form = request.body as Form;
  const token = text(form, 'token');
  const found = await findEnrolment(people, token);
  if (!found) return send(response, 400, enrolTokenPage(place, 'TOKEN'));
  const { staff } = found;
  const aad = canonicalBytes({ use: 'waybill/enrol', staff });
  const kept = openedOr(() => people.sealer.open(bytesOf(text(form, 'secret')), aad));
  const secret = kept ?? randomBytes(codeSecretBytes);
  const show = (fault: EnrolFault | 'DIFFERENT' | null) => {
    const sealed = people.sealer.seal(secret, aad).toString('base64url');
    const key = enrolmentOf(secret, { account: staff, issuer: 'Waybill' });
    const shown = { account: staff, token, sealed, ...key };
    const status = fault === 'BUSY' ? 503 : fault === null ? 200 : 400;
    send(response, status, enrolPage(place, shown, fault));
  };
  if (!kept) return show(null);
  const password = text(form, 'password');
  if (password !== text(form, 'repeat')) return show('DIFFERENT');
  const given = { token, secret, password, code: text(form, 'code') };
  const source = request.ip ?? '';
  const done = await enrol(people, given, (tx) => recordEnrolled(people, tx, { staff, source }));
  if (typeof done === 'string') return show(done);
  const next = { href: consolePath, label: words.title };
  send(response, 200, wordPage(place, { title: words.done, why: words.doneWhy, next }));
}

function openedOr(open: () => Buffer): Buffer | null {
  try {
    return open();
  } catch {
    return null;
  }
}

/** A field that came once; whoever sends it twice has sent nothing. */
const text = (form: Form, name: string): string => {
  const value = form[name];
  return typeof value === 'string' ? value : '';
};

const bytesOf = (base64url: string) => Buffer.from(base64url, 'base64url');
