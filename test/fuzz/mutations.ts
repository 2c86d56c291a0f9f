/**
 * Checks of the minimiser, each of which a mutation takes out: text that must stand in its file
 * exactly once, and what replaces it. A fuzz run has to notice every one.
 */

import type { FindingKind } from './oracle.ts';

export interface Edit {
  file: string;
  text: string;
  by: string;
}

export interface Mutation {
  /** What the minimiser does no longer. */
  without: string;
  /** A kind of finding that the run reports. */
  noticed: FindingKind;
  edits: readonly Edit[];
}

const edit = (file: string, text: string, by: string): Edit => ({ file, text, by });

const TAKE = 'src/minimise/take.ts';
const MINIMISE = 'src/minimise/minimise.ts';
const RELEASED = 'src/minimise/released.ts';
const PAYLOAD = 'src/minimise/payload.ts';
const ACCOUNT = 'src/minimise/account.ts';
const SHAPE = 'src/minimise/shape.ts';
const HAYSTACK = 'src/minimise/haystack.ts';
const PLAIN = 'src/minimise/plain-text.ts';

/** Without the second look, which `mint` takes at what was made, the first one stands alone. */
const NO_SECOND_LOOK = edit(RELEASED, '  assertContracted(plan, value);\n', '');

const ANY_TEST = edit(
  TAKE,
  `    const listed = side.listed.get(key);
    if (!listed?.isReleasable) {
      account.found.add(key);
      continue;
    }`,
  `    const listed = { required: false };`,
);
const ANY_VALUE = edit(
  'src/minimise/dictionary.ts',
  'if (item.validate(copy)) return { value: copy };',
  'if (item.validate(copy) || true) return { value: copy };',
);
const ALL_THAT_IS_VALID = edit(
  PAYLOAD,
  `  for (const [code, { item, isReleasable }] of side.listed) {
    if (!isReleasable || item.at === 'tests') continue;`,
  '  for (const code of new Set([...valid.keys(), ...derived.keys()])) {',
);
const NO_BASIS_NEEDED = edit(
  'src/minimise/compile.ts',
  '!item.isUniqueIdentifier || contract.legalBasis.has(code)',
  'true',
);
const NAMED_SECRETS = edit(
  'src/minimise/dictionary.ts',
  'const copy = item.secretsLeft ? item.secretsLeft(known, onUnknown) : known;',
  'const copy = known;',
);
const OPEN_SHAPE = edit(
  SHAPE,
  '    if (known === undefined) onUnknown(shape.path, key);',
  '    if (known === undefined) copy[key] = member;',
);

export const MUTATIONS: readonly Mutation[] = [
  { without: 'the list, inside an element of tests[]', noticed: 'THROWN', edits: [ANY_TEST] },
  {
    without: 'the list inside tests[], nor a second look',
    noticed: 'UNCONTRACTED',
    edits: [ANY_TEST, NO_SECOND_LOOK],
  },
  {
    without: 'the list over sources of derived items',
    noticed: 'THROWN',
    edits: [ALL_THAT_IS_VALID],
  },
  {
    without: 'the list over sources, nor a second look',
    noticed: 'UNCONTRACTED',
    edits: [ALL_THAT_IS_VALID, NO_SECOND_LOOK],
  },
  {
    without: 'a legal basis for a unique identifier',
    noticed: 'UNCONTRACTED',
    edits: [NO_BASIS_NEEDED],
  },
  { without: 'closed shapes', noticed: 'REFUSED_WITHOUT_CAUSE', edits: [OPEN_SHAPE] },
  {
    without: 'closed shapes, validation, nor a second look',
    noticed: 'UNCONTRACTED',
    edits: [OPEN_SHAPE, ANY_VALUE, NO_SECOND_LOOK],
  },
  { without: 'validation', noticed: 'THROWN', edits: [ANY_VALUE] },
  {
    without: 'validation, nor a second look',
    noticed: 'SHOULD_BE_REFUSED',
    edits: [ANY_VALUE, NO_SECOND_LOOK],
  },
  {
    without: 'the names that are never shared',
    noticed: 'ACCOUNT',
    edits: [edit(ACCOUNT, '!items.has(key) && isNeverShared(key)', 'false')],
  },
  {
    without: 'leaving out what a value names a secret',
    noticed: 'THROWN',
    edits: [NAMED_SECRETS],
  },
  {
    without: 'leaving out what a value names a secret, nor a second look',
    noticed: 'UNCONTRACTED',
    edits: [NAMED_SECRETS, NO_SECOND_LOOK],
  },
  {
    without: 'the parameters of an address',
    noticed: 'UNCONTRACTED',
    edits: [edit('src/minimise/named-secrets.ts', "equals === '='", 'equals === undefined')],
  },
  {
    without: 'the limit on digits in a key that is told',
    noticed: 'ACCOUNT',
    edits: [edit(ACCOUNT, '?.length ?? 0) <= DIGITS_MAX', '?.length ?? 0) <= 99')],
  },
  {
    without: 'an account of what is not contracted',
    noticed: 'ACCOUNT',
    edits: [edit(ACCOUNT, 'if (!side.listed.has(code)) items', 'if (false) items')],
  },
  {
    without: 'the check of whose record it is',
    noticed: 'SHOULD_BE_REFUSED',
    edits: [edit(MINIMISE, 'if (stranger) return refused(stranger.reason, [stranger]);', '')],
  },
  {
    without: 'the calendar and the agreement of facts',
    noticed: 'SHOULD_BE_REFUSED',
    edits: [edit(MINIMISE, 'taken.findings.push(...checkFacts(taken, order.today));', '')],
  },
  {
    without: 'what is required',
    noticed: 'SHOULD_BE_REFUSED',
    edits: [edit(MINIMISE, 'if (missing.length > 0) return', 'if (false) return')],
  },
  {
    without: 'composing texts (NFC)',
    noticed: 'CHANGED',
    edits: [edit(SHAPE, "return value.normalize('NFC');", 'return value;')],
  },
  {
    without: 'holding a submitted age against the derived one',
    noticed: 'SHOULD_BE_REFUSED',
    edits: [
      edit(
        'src/minimise/derive.ts',
        'if (valid.has(code) && valid.get(code) !== value)',
        'if (false)',
      ),
    ],
  },
  {
    without: 'the salt in the commitment',
    noticed: 'COMMITMENT',
    edits: [edit(RELEASED, 'return sha256(salt, canonical);', 'return sha256(canonical);')],
  },
  {
    without: 'dropping emptied elements of tests[]',
    noticed: 'THROWN',
    edits: [edit(TAKE, 'if (!isEmpty) taken.tests.push', 'taken.tests.push')],
  },
  {
    without: 'noticing a later element of tests[] that is none',
    noticed: 'ACCOUNT',
    edits: [edit(TAKE, "refuseTests(taken, `/${index}`, 'type')", 'continue')],
  },
  {
    without: 'the guard over texts',
    noticed: 'VALUE_IN_TEXT',
    edits: [
      edit(MINIMISE, 'guard ? guardText(guard, minimising) : { masked: [] }', '{ masked: [] }'),
    ],
  },
  {
    without: 'decoding base64 in texts',
    noticed: 'VALUE_IN_TEXT',
    edits: [edit(HAYSTACK, 'if (hasRun) for', 'if (false) for')],
  },
  {
    without: 'decoding escapes in texts',
    noticed: 'VALUE_IN_TEXT',
    edits: [edit(HAYSTACK, 'if (hasEscape) addDecoded', 'if (false) addDecoded')],
  },
  {
    without: 'full-width letters in texts',
    noticed: 'VALUE_IN_TEXT',
    edits: [edit(PLAIN, "character.normalize('NFKC').toLowerCase()", 'character.toLowerCase()')],
  },
  {
    without: "anyone's registration number in texts",
    noticed: 'VALUE_IN_TEXT',
    edits: [
      edit('src/minimise/text-guard.ts', 'anyNumber: codes.includes(number),', 'anyNumber: false,'),
    ],
  },
];
