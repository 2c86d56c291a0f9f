/** What values of a record name: what may never leave, and what only sounds like it. */
import { STRANGE } from './oracle.ts';
import { chance, digits, hexDigits, pick, type Random } from './random.ts';
import type { JsonObject } from './realistic.ts';

const SECRET_COOKIES = [
  ...['password', 'PASS_WORD', 'login.passwd', 'pwd', 'remember-password-hash', 'i-PIN', 'pin'],
  ...['cardNo', 'card_number_2', 'fingerprint', '비밀번호', '회원 지문', 'ｐａｓｓｗｏｒｄ', 'cvc'],
  ...['p%61ssword', 'p%2561ssword', encodeURIComponent('비밀번호'), 'accessTokenPassword'],
];
const OPEN_COOKIES = [
  ...['JSESSIONID', 'accessToken', 'session_token', 'refresh-token', 'csrf_secret', '_ga'],
  ...['shipping', 'pinned', 'XSRF-TOKEN', 'PHPSESSID', '%70inned'],
];
const SECRET_MEASURED = ['password', 'Card Number', '비밀번호', '지 문', 'fingerprint', '카드번호'];
const OPEN_MEASURED = ['PIN', 'Iris', 'Secretin', '설문지문항', '암호르몬', 'passwordless'];
const SECRET_PARAMETERS = [
  ...['password', 'user[password]', 'new-password', 'pwd', 'accessToken', 'client_secret', 'otp'],
  ...['비밀번호', encodeURIComponent('비밀번호'), '%70in', 'next=%2Flogin%3Fpassword', 'cvc'],
  ...['a%26pin', 'a;pwd', 'a#cardNo', encodeURIComponent(encodeURIComponent('아이핀'))],
];
const OPEN_PARAMETERS = ['page', 'tab=password&step', 'pinned', 'password/step', 'q', '%70age'];

/** Puts in a cookie, a measurement and a page asked for, by names that may not leave or may. */
export function putNamed(random: Random, record: JsonObject): void {
  const isSecret = chance(random, 0.7);
  const value = isSecret ? strange(random) : hexDigits(random, 64);
  const cookie = pick(random, isSecret ? SECRET_COOKIES : OPEN_COOKIES);
  const measured = pick(random, isSecret ? SECRET_MEASURED : OPEN_MEASURED);
  const asked = pick(random, isSecret ? SECRET_PARAMETERS : OPEN_PARAMETERS);
  addTo(record['cookies'], { name: cookie, valueHash: hexDigits(random, 64) });
  const inside = objectsIn([record['checkupRecord'], record['otherData']]);
  for (const { measurements, accessLog } of inside) {
    addTo(measurements, { name: measured, value });
    const page = `/login?step=2&${asked}=${value}`;
    addTo(accessLog, { at: '2026-03-02T00:00:00Z', ip: '192.0.2.9', path: page });
  }
}

function addTo(list: unknown, element: JsonObject): void {
  if (Array.isArray(list)) list.push(element);
}

/** A value that may never leave. */
export function strange(random: Random): string {
  return `${STRANGE}${digits(random, 10)}`;
}

export function objectsIn(list: unknown): JsonObject[] {
  if (!Array.isArray(list)) return [];
  const isObject = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
  return (list as unknown[]).filter(isObject) as JsonObject[];
}
