/** Signing in at the clinic's own OpenID provider: there, back again, and what it comes to. */
import type { Request, Response, Router } from 'express';
import { errors, type Adapter } from 'oidc-provider';
import { signInVouched } from '#src/access/vouched.ts';
import type { Language } from '../problem.ts';
import type { Asked, Openid, OpenidFault } from './openid.ts';
import { signInPath, vouchedBy } from './people.ts';
import { askAgain, finishSignIn, headers, interactionOf } from './sign-in-answers.ts';
import { placeOf, tellOver, type SignInSettings, type Visit } from './sign-in-answers.ts';
import { signInStore } from './sign-in-store.ts';
import { openidFaults } from './sign-in-words.ts';

/** The one address that is registered at the provider. */
export const openidCallbackPath = '/oauth2/openid/callback';

/** As long as somebody may take to sign in here. */
const askedSeconds = 600;
/** The id of what is being authorised, and chance; the first leads back to where it began. */
const STATE = /^([\w-]{16,64})\.[\w-]{43}$/;
/** A code and what stands beside it; browsers cut off at some eight thousand. */
const answerLengthMax = 6_000;

type OpenidSettings = SignInSettings & { openid: Openid };

/** What is kept of one question: for which sign-in it was, and in which language. */
type Kept = Asked & { interaction: string; language: Language };

export function addOpenidRoutes(router: Router, settings: OpenidSettings): void {
  const own = `${signInPath}/:uid/openid`;
  router.get(own, (request, response) => leadThere(settings, request, response));
  router.get(openidCallbackPath, leadBack);
  router.get(`${own}/callback`, (request, response) => takeAnswer(settings, request, response));
}

const storeOf = ({ people }: SignInSettings): Required<Adapter> =>
  signInStore({ ...people, limits: people.sessions.limits }, 'OpenidSignIn');

/** A link and not a form: the policy of the page lets no form leave this origin. */
async function leadThere(
  settings: OpenidSettings,
  request: Request,
  response: Response,
): Promise<void> {
  const interaction = await interactionOf(settings, request, response);
  if (!interaction) return tellOver(request, response);
  const { uid } = interaction;
  const begun = await settings.openid.ask(uid);
  if (!begun.ok) return refuse(settings, { request, response }, begun);
  const { language } = placeOf(request);
  const kept: Kept = { ...begun.asked, interaction: uid, language };
  await storeOf(settings).upsert(begun.asked.state, { ...kept }, askedSeconds);
  response.set(headers).redirect(303, begun.url.href);
}

/**
 * The cookie of a sign-in stands under its own path, which the registered address is not: whoever
 * comes back goes on to where it can be seen.
 */
function leadBack(request: Request, response: Response): void {
  const answer = answerOf(request);
  const uid = answer && STATE.exec(answer.get('state') ?? '')?.[1];
  if (!uid) return tellOver(request, response);
  response.set(headers).redirect(303, `${signInPath}/${uid}/openid/callback?${answer.toString()}`);
}

/** Only in the browser that asked, only once, and only while what it is for goes on. */
async function takeAnswer(
  settings: OpenidSettings,
  request: Request,
  response: Response,
): Promise<void> {
  const interaction = await interactionOf(settings, request, response);
  const answer = answerOf(request);
  const state = answer?.get('state') ?? '';
  const kept = interaction && STATE.test(state) ? await takeKept(settings, state) : null;
  if (!interaction || !answer || kept?.interaction !== interaction.uid) {
    return tellOver(request, response);
  }
  const visit = { request, response, language: kept.language };
  const vouched = await settings.openid.read(answer, kept);
  if (!vouched.ok) return refuse(settings, visit, vouched);
  const { account } = vouched;
  const known = typeof account === 'string' ? await signInVouched(settings.people, account) : null;
  if (!known) return refuse(settings, visit, { fault: 'ACCOUNT' });
  const by = { staff: known.staff, amr: vouchedBy };
  await finishSignIn(settings, { ...visit, interaction }, by);
}

/** What was kept of a question, for whoever comes first with its state. */
async function takeKept(settings: SignInSettings, state: string): Promise<Kept | null> {
  const store = storeOf(settings);
  const kept = await store.find(state);
  if (!kept) return null;
  try {
    await store.consume(state);
  } catch (error) {
    if (error instanceof errors.InvalidGrant) return null;
    throw error;
  }
  return kept as unknown as Kept;
}

/** Null for what is no answer to us: too long, or with a parameter that stands there twice. */
function answerOf(request: Request): URLSearchParams | null {
  const [, query = ''] = request.url.split('?', 2);
  if (query.length > answerLengthMax) return null;
  const answer = new URLSearchParams(query);
  const names = [...answer.keys()];
  return new Set(names).size === names.length ? answer : null;
}

const statuses: Readonly<Record<OpenidFault | 'ACCOUNT', number>> = {
  UNREACHABLE: 503,
  UNTRUSTED: 502,
  DENIED: 401,
  ACR: 403,
  ACCOUNT: 403,
};

/** The sign-in goes on: the person may try again, or use a password of this gateway. */
function refuse(
  settings: OpenidSettings,
  visit: Visit,
  { fault, cause }: { fault: OpenidFault | 'ACCOUNT'; cause?: unknown },
): void {
  const err = cause === undefined ? {} : { err: cause };
  settings.log.info({ reason: `OPENID_${fault}`, ...err }, 'sign-in refused');
  const said = openidFaults(settings.openid.name)[fault];
  askAgain(settings, visit, { status: statuses[fault], said });
}
