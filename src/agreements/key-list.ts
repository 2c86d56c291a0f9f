/** Reads a list of public keys, each written out or named; nothing secret is taken or repeated. */
import type { JWK } from 'jose';
import { wrong, type Wrong } from './faults.ts';
import { encryptionKeyFault, signingKeyFault } from './public-key.ts';
import type { Place } from './yaml-file.ts';

/** A JWK, or the name of one: `${env:NAME}` or `${file:NAME}`. */
export type KeyList = readonly (string | JWK)[];

const kinds = {
  encryptionKeys: { use: 'encryptionKey', faultOf: encryptionKeyFault },
  signingKeys: { use: 'signingKey', faultOf: signingKeyFault },
} as const;

type Kinds = typeof kinds;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The usable public keys of a list; every other entry is reported at its place. */
export function readKeyList(
  deps: {
    report: (place: Place, said: Wrong) => void;
    resolve: (
      place: Place,
      reference: string,
      use: Kinds[keyof Kinds]['use'],
    ) => string | undefined;
  },
  input: { list: keyof Kinds; entries: KeyList },
): JWK[] {
  const { list, entries } = input;
  const { use, faultOf } = kinds[list];
  const keys: JWK[] = [];
  entries.forEach((entry, index) => {
    const place = [list, index];
    const named = typeof entry === 'string';
    const resolved = named ? deps.resolve(place, entry, use) : undefined;
    if (named && resolved === undefined) return;
    const key = resolved === undefined ? entry : parseJson(resolved);
    const unfit = faultOf(key);
    if (unfit === undefined) keys.push(key as JWK);
    else {
      const name = named ? entry : `${list}[${index}]`;
      deps.report(place, wrong('key.unsuitable', name, unfit));
    }
  });
  return keys;
}
