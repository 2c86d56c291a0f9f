/** Time-based one-time codes (RFC 6238): six digits, 30 seconds, SHA-1 as every app knows them. */
import { Secret, TOTP } from 'otpauth';

/** RFC 4226 section 4 asks for 160 bits. */
export const codeSecretBytes = 20;
const periodSeconds = 30;
/** One step early or late: clocks of phones. */
const window = 1;

/** The time step that a code belongs to, or null when it is none of those near now. */
export function stepOfCode(secret: Uint8Array, code: string, nowMs: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window });
  return delta === null ? null : Math.floor(nowMs / 1000 / periodSeconds) + delta;
}

/** The code of a moment, as an authenticator shows it. */
export function codeAt(secret: Uint8Array, nowMs: number): string {
  return totpOf(secret).generate({ timestamp: nowMs });
}

/** The secret as people type it, and as a link that an authenticator on the same device opens. */
export function enrolmentOf(
  secret: Uint8Array,
  { account, issuer }: { account: string; issuer: string },
): { base32: string; link: string } {
  const base32 = new Secret({ buffer: bufferOf(secret) }).base32;
  return { base32, link: totpOf(secret, { label: account, issuer }).toString() };
}

function totpOf(secret: Uint8Array, named: { label?: string; issuer?: string } = {}): TOTP {
  const settings = { algorithm: 'SHA1', digits: 6, period: periodSeconds };
  return new TOTP({ ...named, ...settings, secret: new Secret({ buffer: bufferOf(secret) }) });
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
