/** What the pages of the sign-in have in common: their headers, their language, and their end. */
import type { Request, Response } from 'express';
import type { Interaction, Provider } from 'oidc-provider';
import type { Words } from '#src/base/words.ts';
import { pickLanguage } from '../problem.ts';
import type { OAuthLog } from './answers.ts';
import type { Openid } from './openid.ts';
import { signInPath, type People } from './people.ts';
import { signInPage, wordPage, type Place } from './sign-in-pages.ts';
import { words } from './sign-in-words.ts';

export interface SignInSettings {
  people: People;
  issuer: string;
  log: OAuthLog;
  /** Who vouches for people besides their passwords here; null: nobody. */
  openid: Openid | null;
  /** The authorization server as it is now. */
  provider: () => Provider;
}

export const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // with `no-referrer` browsers would send our own forms with `Origin: null`
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
export const consolePath = '/console/';

/** What is being authorised, where the browser holds the cookie that belongs to it. */
export async function interactionOf(
  { provider }: SignInSettings,
  request: Request,
  response: Response,
): Promise<Interaction | null> {
  try {
    const found = await provider().interactionDetails(request, response);
    return found.uid === request.params['uid'] && found.prompt.name === 'login' ? found : null;
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') return null;
    throw error;
  }
}

/** One request of a sign-in, and the language that its person chose before, if they did. */
export interface Visit {
  request: Request;
  response: Response;
  language?: Place['language'];
}

/** The form that asks who somebody is, whatever page of the sign-in they have come to. */
export function askAgain(
  { openid }: SignInSettings,
  { request, response, language = placeOf(request).language }: Visit,
  { status, said }: { status: number; said: Words | null },
): void {
  const path = `${signInPath}/${String(request.params['uid'])}`;
  send(response, status, signInPage({ language, path }, { said, provider: openid?.name ?? null }));
}

/**
 * Lets whoever has proved who they are go on. Somebody else's session is not taken over.
 * @param by.amr how they did so, where it was not by a password
 */
export async function finishSignIn(
  settings: SignInSettings,
  { interaction, ...visit }: Visit & { interaction: Interaction },
  by: { staff: string; amr?: readonly string[] },
): Promise<void> {
  const before = interaction.session?.accountId;
  if (before !== undefined && before !== by.staff) {
    return askAgain(settings, visit, { status: 409, said: words.anotherSession });
  }
  const { request, response } = visit;
  response.set(headers);
  // `remember: false`: the cookie goes with the browser
  const { staff: accountId, ...how } = by;
  const result = { login: { accountId, ...how, remember: false } };
  await settings.provider().interactionFinished(request, response, result, {
    mergeWithLastSubmission: false,
  });
}

export function tellOver(request: Request, response: Response): void {
  const next = { href: consolePath, label: words.again };
  const said = { title: words.expired, why: words.expiredWhy, next };
  send(response, 400, wordPage(placeOf(request), said));
}

export function send(response: Response, status: number, page: string): void {
  response.status(status).set(headers).type('text/html').send(page);
}

export function placeOf(request: Request): Place {
  const asked = request.query['lang'];
  const language =
    asked === 'en' || asked === 'ko' ? asked : pickLanguage(request.get('accept-language'));
  return { language, path: request.path };
}
