/** A compact JWS read to the letter: one spelling per signed thing, before any library sees it. */
import { parseStrictJson } from '#src/base/strict-json.ts';

/** The two readable parts of a compact JWS. Nothing in them is verified yet. */
export interface CompactJws {
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads `header.payload.signature` (RFC 7515 section 7.1) without verifying it. `undefined` unless
 * there are exactly three parts, each in its one canonical base64url form (RFC 7515 section 2: no
 * padding, no white space, unused bits zero; jose takes all three), and the first two are JSON
 * objects without duplicate names or other ambiguities.
 */
export function readCompactJws(text: string): CompactJws | undefined {
  const parts = text.split('.');
  if (parts.length !== 3) return undefined;
  const [header, claims, signature] = parts.map(canonicalBytes);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  const headerMembers = members(header);
  const claimMembers = members(claims);
  if (headerMembers === undefined || claimMembers === undefined) return undefined;
  return { header: headerMembers, claims: claimMembers };
}

/** True when the header has no member but these: `jku`, `x5u`, `jwk`, `x5c`, `crit` never pass. */
export function onlyMembers(header: CompactJws['header'], allowed: readonly string[]): boolean {
  return Object.keys(header).every((name) => allowed.includes(name));
}

function canonicalBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined;
}

function members(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value = parseStrictJson(bytes);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
