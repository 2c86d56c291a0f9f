/** Passwords one way: Argon2id with its parameters beside the hash, so that they can be raised. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * OWASP's second choice for Argon2id (46 MiB, one pass, one lane); about 80 ms. Memory in KiB.
 * @see RFC 9106 section 4
 */
const current = { memory: 47_104, passes: 1, parallelism: 1 };
const tagLength = 32;
/** Each takes its memory at once: whoever sends many sign-ins waits, and nobody runs out. */
const atOnceMax = 2;
/** Longer queues are turned away. */
const waitingMax = 60;

const shape = /^argon2id\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([\w-]{22})\$([\w-]{43})$/;

export const passwordLengthMin = 12;
export const passwordLengthMax = 128;

/** More sign-ins at once than this process can check. */
export class TooManyPasswords extends Error {}

/** Why a password is not taken. Closed. */
export type PasswordFault = 'TOO_SHORT' | 'TOO_LONG' | 'COMMON' | 'HOLDS_ACCOUNT';

/** Long ones that everybody tries first; repetition and rows of keys are found by rule. */
const common = [
  ...['passwordpassword', 'password1234', 'password12345', 'password123456', 'password123!'],
  ...['administrator', 'administrator1', 'iloveyou1234', 'letmeinletmein', 'welcome12345'],
  ...['changemechangeme', 'changeme1234', 'qwerty123456', 'qwertyuiop12', '1q2w3e4r5t6y'],
  ...['1qaz2wsx3edc', 'abc123abc123', 'trustno1trustno1', 'hospital1234', 'waybillwaybill'],
];
const rows = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm'];

/** What is wrong with a password that somebody chooses; null when it may be used. */
export function passwordFault(password: string, account: string): PasswordFault | null {
  const text = normal(password);
  const length = [...text].length;
  if (length < passwordLengthMin) return 'TOO_SHORT';
  if (length > passwordLengthMax) return 'TOO_LONG';
  const plain = text.toLowerCase();
  if (plain.includes(account)) return 'HOLDS_ACCOUNT';
  return isCommon(plain) ? 'COMMON' : null;
}

/** Of few different characters, a row of keys again and again, or on the list. */
function isCommon(plain: string): boolean {
  if (new Set(plain).size < 5 || common.includes(plain)) return true;
  return rows.some((row) => {
    const endless = row.repeat(Math.ceil(plain.length / row.length) + 1);
    return endless.includes(plain) || [...endless].reverse().join('').includes(plain);
  });
}

/** `argon2id$m=…,t=…,p=…$salt$hash`, salt and hash in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { memory, passes, parallelism } = current;
  const tag = await derive(password, salt, current);
  const parameters = `m=${memory},t=${passes},p=${parallelism}`;
  return `argon2id$${parameters}$${salt.toString('base64url')}$${tag.toString('base64url')}`;
}

/**
 * Compares in constant time. Without a stored hash it takes as long as with one, and is false: an
 * answer's time must not tell whether there is such an account.
 */
export async function checkPassword(password: string, stored: string | null): Promise<boolean> {
  const read = stored === null ? null : shape.exec(stored);
  if (!read) {
    await derive(password, randomBytes(16), current);
    return false;
  }
  const [, memory, passes, parallelism, salt = '', tag = ''] = read;
  const made = await derive(password, Buffer.from(salt, 'base64url'), {
    ...{ memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
  });
  return timingSafeEqual(made, Buffer.from(tag, 'base64url'));
}

/** True when it was made with other parameters than a new one would be. */
export function isOutdated(stored: string): boolean {
  const { memory, passes, parallelism } = current;
  return !stored.startsWith(`argon2id$m=${memory},t=${passes},p=${parallelism}$`);
}

/** The same text typed on another keyboard is the same password. */
const normal = (password: string) => password.normalize('NFC');

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, nonce: Buffer, by: typeof current): Promise<Buffer> {
  if (waiting.length >= waitingMax) throw new TooManyPasswords();
  while (running >= atOnceMax) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const message = normal(password);
      argon2('argon2id', { ...by, message, nonce, tagLength }, (error, tag) => {
        if (error) reject(error);
        else resolve(tag);
      });
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
