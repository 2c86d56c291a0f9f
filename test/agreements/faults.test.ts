/** Loading refuses on any fault and tells each with file, line, what is wrong and what is right. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadAgreements } from '#src/agreements/load.ts';
import { StartupError } from '#src/base/errors.ts';
import { faultsOf, privateJwk, publicJwk, resolveSecret, soundFiles } from './folders.ts';
import { loadFiles, webhookSecret } from './folders.ts';

const D = 'contracts/dictionary/v1.yaml';
const C = 'contracts/lab/v1.yaml';
const L = 'consignees/lab.yaml';

/** A sound file with one text in it replaced. */
function spoiled(path: string, from: string, to: string): Record<string, string> {
  const text = soundFiles[path] ?? '';
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  return { ...soundFiles, [path]: text.replace(from, () => to) };
}

/** What is spoiled: file, text, its replacement; and the one fault that must be told. */
type Case = [name: string, file: string, from: string, to: string, fault: string];

const contractCases: Case[] = [
  [
    'an unknown key',
    C,
    'subject:',
    'subjects: 1\nsubject:',
    `${C}:6: unknown key "subjects"; did you mean "subject"?`,
  ],
  [
    'a key far from any known one',
    C,
    'en: Until the end',
    'zzzzzz: 1, en: x',
    `${C}:13: unknown key "zzzzzz"; it may be one of en, ko`,
  ],
  [
    'a missing key',
    C,
    'subject: patient\n',
    '',
    `${C}:1: "subject" is missing in the file; give whose data this contract is about`,
  ],
  [
    'a missing clause',
    C,
    '  liability: { en: g, ko: 사 }\n',
    '',
    `${C}:14: "liability" is missing in clauses; give clause 7, liability for damages when the consignee breaks its duties`,
  ],
  [
    'a duplicate key',
    C,
    'version: 1',
    'version: 1\nversion: 1',
    `${C}:3: a key that was already given; keep one of the two`,
  ],
  [
    'an unknown value of a closed list',
    C,
    'subject: patient',
    'subject: patients',
    `${C}:6: subject has an unknown value; use one of patient, practitioner, member, visitor`,
  ],
  [
    'an unknown item code',
    C,
    'item: name',
    'item: nmae',
    `${C}:8: "nmae" is not in dictionary v1; did you mean "name"?`,
  ],
  [
    'an item listed twice',
    C,
    'returns:',
    '  - { item: name, required: false }\nreturns:',
    `${C}:9: "name" is listed twice; keep one`,
  ],
  [
    'a never-shared item',
    C,
    'item: name',
    'item: Pass-Word',
    `${C}:8: "Pass-Word" may never be shared; remove it`,
  ],
  [
    'a returned item among those that leave',
    C,
    'item: name',
    'item: report',
    `${C}:8: "report" comes back and never leaves; list it under returns`,
  ],
  [
    'an item that leaves among the returned ones',
    C,
    'item: report',
    'item: name',
    `${C}:10: "name" leaves and never comes back; list it under items`,
  ],
  [
    'an empty item list',
    C,
    'items:\n  - { item: name, required: true }',
    'items: []',
    `${C}:7: items is not right; it must be a list of what may leave, at least one { item, required }; nothing else ever does`,
  ],
  [
    "another consignee than the folder's",
    C,
    'consignee: lab',
    'consignee: labs',
    `${C}:1: consignee is not "lab"; it must be named as its folder`,
  ],
  [
    "another version than the file name's",
    C,
    'version: 1',
    'version: 2',
    `${C}:2: version is not 1; it must be the number in the file's name`,
  ],
  [
    'an unknown dictionary',
    C,
    'dictionary: 1',
    'dictionary: 7',
    `${C}:3: dictionary v7 does not exist; there is 1`,
  ],
  [
    'a first day that does not exist',
    C,
    '2026-01-01',
    '2026-02-30',
    `${C}:11: validFrom is no day that exists; give a real date, YYYY-MM-DD`,
  ],
  [
    'a last day that does not exist',
    C,
    'validUntil: null',
    'validUntil: 2026-02-30',
    `${C}:12: validUntil is no day that exists; give a real date, or null`,
  ],
  [
    'a last day before the first',
    C,
    'validUntil: null',
    'validUntil: 2025-12-31',
    `${C}:12: validUntil lies before validFrom; give a later day, or null`,
  ],
  [
    'a last day of the wrong form, once',
    C,
    'validUntil: null',
    'validUntil: never',
    `${C}:12: validUntil is not right; it must be the last day in force in Seoul, YYYY-MM-DD, which ends the relation; null: until the end of the outsourcing contract`,
  ],
  [
    'a pin for an item that is not contracted',
    C,
    'returns:',
    'pins:\n  report: { en: x, ko: y }\nreturns:',
    `${C}:10: "report" is pinned but not contracted; remove it or list the item`,
  ],
  [
    'a legal basis for an item that is not contracted',
    C,
    'document:',
    'legalBasis:\n  - { item: residentRegistrationNumber, basis: { en: x, ko: y }, confirmed: true }\ndocument:',
    `${C}:23: "residentRegistrationNumber" has a legal basis but is not contracted; remove it`,
  ],
  [
    'a legal basis for what needs none',
    C,
    'document:',
    'legalBasis:\n  - { item: name, basis: { en: x, ko: y }, confirmed: true }\ndocument:',
    `${C}:23: "name" is no unique identifier and needs no legal basis; remove it`,
  ],
  [
    'a document digest of the wrong form',
    C,
    'a'.repeat(64),
    'abc',
    `${C}:22: document.sha256 is not right; it must be SHA-256 of the file, 64 hexadecimal digits in lower case`,
  ],
];

const syntaxHint =
  'look at this line and the one above: indent with spaces, not tabs; a space after each colon; ' +
  "close every quote and bracket; write an apostrophe inside '…' twice";

const yamlCases: Case[] = [
  [
    'a tab, once, whatever else the parser makes of it',
    C,
    'subject: patient',
    '\tsubject: patient',
    `${C}:6: not valid YAML (Tabs are not allowed as indentation); ${syntaxHint}`,
  ],
  [
    'broken YAML',
    C,
    'subject: patient',
    'subject: [patient',
    `${C}:7: not valid YAML (Flow sequence in block collection must be sufficiently indented and end with a ]); ${syntaxHint}`,
  ],
  [
    'an alias, however small',
    C,
    'purpose: { en: Tests, ko: 검사 }',
    'purpose: &w { en: Tests, ko: *w }',
    `${C}:5: an alias (*…); write the value out`,
  ],
  [
    'a tag',
    C,
    'subject: patient',
    'subject: !!binary patient',
    `${C}:6: not valid YAML (Unresolved tag: tag:yaml.org,2002:binary); ${syntaxHint}`,
  ],
  [
    'a second document',
    C,
    'document:',
    '---\ndocument:',
    `${C}:22: a second document (---); keep one per file`,
  ],
  [
    'a key that is not text',
    C,
    'subject: patient',
    '1: patient',
    `${C}:6: a key that is not text; put it in quotes`,
  ],
  [
    'a number that JSON cannot hold',
    C,
    'dictionary: 1',
    'dictionary: .inf',
    `${C}:3: a number that JSON cannot hold exactly; put it in quotes`,
  ],
  [
    'half a surrogate',
    C,
    'en: Tests',
    String.raw`en: "\ud800"`,
    `${C}:4: a character that is none (NUL or half a surrogate); remove it`,
  ],
];

const dictionaryCases: Case[] = [
  [
    'an open object',
    D,
    'schema: { type: string, maxLength: 50, examples: [홍길동] }',
    'schema: { type: object, properties: {}, examples: [{}] }',
    `${D}:9: the schema of "name" has an object that takes unknown keys; add additionalProperties: false`,
  ],
  [
    'a string without a limit',
    D,
    'maxLength: 50, examples: [홍길동]',
    'examples: [홍길동]',
    `${D}:9: the schema of "name" has a string without a limit; add maxLength`,
  ],
  [
    'an array without a limit',
    D,
    'schema: { type: string, maxLength: 50, examples: [홍길동] }',
    'schema: { type: array, items: { type: integer }, examples: [[]] }',
    `${D}:9: the schema of "name" has an array without a limit or a schema for its elements; add maxItems and items`,
  ],
  [
    'a value of any type',
    D,
    'schema: { type: string, maxLength: 50, examples: [홍길동] }',
    'schema: { examples: [홍길동] }',
    `${D}:9: the schema of "name" has a schema that takes any type; add type`,
  ],
  [
    'keys that a branch would let in',
    D,
    'maxLength: 50, examples: [홍길동]',
    'maxLength: 50, anyOf: [{ properties: {} }], examples: [홍길동]',
    `${D}:9: the schema of "name" has more than format, pattern, const, enum, required, minLength, maxLength inside anyOf; move it out`,
  ],
  [
    'a never-shared key inside an item',
    D,
    'schema: { type: string, maxLength: 50, examples: [홍길동] }',
    'schema: { type: object, additionalProperties: false, properties: { loginPassword2: { type: boolean } }, examples: [{}] }',
    `${D}:9: the schema of "name" has the key "loginPassword2", which may never be shared; remove it`,
  ],
  [
    'an unknown schema keyword',
    D,
    'maxLength: 50, examples: [홍길동]',
    'maxLength: 50, maxLenght: 9, examples: [홍길동]',
    `${D}:9: the schema of "name" has not valid JSON Schema 2020-12 (strict mode: unknown keyword: "maxLenght"); correct it`,
  ],
  [
    'an example that does not fit',
    D,
    'examples: [홍길동]',
    'examples: [1]',
    `${D}:9: the schema of "name" has examples[0] does not fit it; correct the example or the schema`,
  ],
  [
    'an item without an example',
    D,
    ', examples: [홍길동]',
    '',
    `${D}:9: the schema of "name" has no examples; add at least one value under examples`,
  ],
  [
    'an item defined twice',
    D,
    'code: residentRegistrationNumber',
    'code: name',
    `${D}:10: item "name" is defined twice; keep one`,
  ],
  [
    'a never-shared item in the dictionary',
    D,
    'code: residentRegistrationNumber',
    'code: fingerprint',
    `${D}:10: item "fingerprint" may never be shared; remove it`,
  ],
  [
    'a unique identifier in clear',
    D,
    '    encrypted: true\n',
    '',
    `${D}:10: item "residentRegistrationNumber" is a unique identifier in clear; add encrypted: true`,
  ],
  [
    'a returned item that would leave',
    D,
    'at: result',
    'at: record',
    `${D}:17: item "report" mixes up directions; class: returned goes with at: result`,
  ],
  [
    'a never-shared name that is not as compared',
    D,
    'password,',
    'Pass-Word,',
    `${D}:2: neverShared[0] is not right; it must be a key name in lower case, letters and digits only (any script)`,
  ],
  [
    'another dictionary version than the file name says',
    D,
    'version: 1',
    'version: 2',
    `${D}:1: version is not 1; as in its name`,
  ],
];

const keysLine = "  - '${file:lab.jwk.json}'";
const consigneeCases: Case[] = [
  [
    'another id than the file name',
    L,
    'id: lab',
    'id: other',
    `${L}:1: id is not "lab"; it must be the file's name`,
  ],
  [
    'a push without push settings',
    L,
    "push:\n  url: https://lab.invalid/transfers\n  webhookSecret: '${env:LAB_SECRET}'\n",
    '',
    `${L}:1: "push" is missing in the file; give what the schema says of "push"`,
  ],
  [
    'a pull with push settings',
    L,
    'channel: push',
    'channel: pull',
    `${L}:6: push settings on channel: pull; remove them, or set channel: push`,
  ],
  [
    'a push in clear',
    L,
    'https:',
    'http:',
    `${L}:7: push.url is not https; use https, or http to 127.0.0.1, localhost, [::1]`,
  ],
  [
    'a loopback name as a prefix of another host',
    L,
    'https://lab.invalid',
    'http://localhost.lab.invalid',
    `${L}:7: push.url is not https; use https, or http to 127.0.0.1, localhost, [::1]`,
  ],
  [
    'a URL with a user name in it',
    L,
    'https://lab',
    'https://someone:hunter2@lab',
    `${L}:7: push.url holds a user name or password; use push.basic instead`,
  ],
  [
    'a URL with a fragment',
    L,
    '/transfers',
    '/transfers#x',
    `${L}:7: push.url holds a fragment (#…); remove it`,
  ],
  [
    'what is no URL',
    L,
    'https://lab.invalid/transfers',
    'lab',
    `${L}:7: push.url is not a URL; give https://…`,
  ],
  [
    'a secret in the file',
    L,
    '${env:LAB_SECRET}',
    webhookSecret,
    `${L}:8: push.webhookSecret is not right; it must be the name of a Standard Webhooks secret (whsec_…, at least 24 bytes), \${env:NAME} or \${file:NAME}, never the secret itself`,
  ],
  [
    'a private key',
    L,
    keysLine,
    `  - ${JSON.stringify(privateJwk)}`,
    `${L}:10: encryptionKeys[0] holds a private key; give the public half only, and replace this key: it was exposed`,
  ],
  [
    'a key off its curve',
    L,
    keysLine,
    `  - ${JSON.stringify({ ...publicJwk, x: publicJwk.y })}`,
    `${L}:10: encryptionKeys[0] is not a valid public key; export it again as a JWK`,
  ],
  [
    'a key for signatures',
    L,
    keysLine,
    `  - ${JSON.stringify({ ...publicJwk, use: 'sig' })}`,
    `${L}:10: encryptionKeys[0] is not for encryption; use must be enc`,
  ],
  [
    'a symmetric key, once',
    L,
    keysLine,
    '  - { kty: oct, k: c2VjcmV0 }',
    `${L}:10: encryptionKeys[0] is not right; it must be a public JWK, or the name of one: \${env:NAME} or \${file:NAME}`,
  ],
  [
    'an unknown setting',
    L,
    'encryptionKeys:',
    'retries: { timeoutSeconds: 5 }\nencryptionKeys:',
    `${L}:9: unknown key "retries"; did you mean "retry"?`,
  ],
  [
    'a timeout beyond its limit',
    L,
    'encryptionKeys:',
    'retry: { timeoutSeconds: 5000 }\nencryptionKeys:',
    `${L}:9: retry.timeoutSeconds is not right; it must be the total deadline of one attempt in seconds, 1 to 120 (default 15)`,
  ],
];

it('the sound files load, so each fault below comes from its own change', () => {
  expect(faultsOf(soundFiles)).toEqual([]);
});

describe.each([
  ['contract', contractCases],
  ['YAML', yamlCases],
  ['dictionary', dictionaryCases],
  ['consignee', consigneeCases],
])('%s', (_, cases) => {
  it.each(cases)('refuses %s', (_name, file, from, to, fault) => {
    expect(faultsOf(spoiled(file, from, to))).toEqual([fault]);
  });
});

describe('secrets', () => {
  it('tells why a named secret cannot be resolved, and asks with the use in hand', () => {
    const asked: string[] = [];
    const faults = faultsOf(soundFiles, (reference, { consignee, use }) => {
      asked.push(`${consignee} ${use} ${reference}`);
      return { ok: false, fault: 'set it' };
    });
    expect(asked).toEqual([
      'lab webhookSecret ${env:LAB_SECRET}',
      'lab encryptionKey ${file:lab.jwk.json}',
    ]);
    expect(faults).toEqual([
      `${L}:8: \${env:LAB_SECRET} cannot be resolved; set it`,
      `${L}:10: \${file:lab.jwk.json} cannot be resolved; set it`,
    ]);
  });

  it.each([
    ['is too short', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['has no prefix', Buffer.alloc(24).toString('base64')],
    ['is not base64', 'whsec_****'],
    ['has stray bits', `${webhookSecret.slice(0, -1)}*`],
  ])('refuses a webhook secret that %s, without repeating it', (_, secret) => {
    const faults = faultsOf(soundFiles, (reference, hint) =>
      hint.use === 'webhookSecret' ? { ok: true, value: secret } : resolveSecret(reference, hint),
    );
    expect(faults).toEqual([
      `${L}:8: \${env:LAB_SECRET} is no webhook secret; use whsec_ and base64 of 24 to 64 bytes`,
    ]);
  });

  it('never repeats a private key, a secret or a URL in a fault', () => {
    const text = (soundFiles[L] ?? '')
      .replace('https://lab', 'https://someone:hunter2@lab')
      .replace('${env:LAB_SECRET}', webhookSecret)
      .replace(keysLine, `  - ${JSON.stringify(privateJwk)}`);
    const told = faultsOf({ ...soundFiles, [L]: text }).join('\n');
    for (const secret of ['hunter2', webhookSecret, privateJwk.d ?? '']) {
      expect(told).not.toContain(secret);
    }
  });

  it('refuses a resolved key that is private or no JSON', () => {
    const using = (value: string) =>
      faultsOf(soundFiles, (reference, hint) =>
        hint.use === 'encryptionKey' ? { ok: true, value } : resolveSecret(reference, hint),
      );
    expect(using(JSON.stringify(privateJwk))).toEqual([
      `${L}:10: \${file:lab.jwk.json} holds a private key; give the public half only, and replace this key: it was exposed`,
    ]);
    expect(using('-----BEGIN')).toEqual([
      `${L}:10: \${file:lab.jwk.json} is not a JWK; give a JSON object with kty`,
    ]);
  });
});

describe('files and folders', () => {
  const text = soundFiles[C] ?? '';
  const v = (version: number, validFrom: string) =>
    text.replace('version: 1', `version: ${version}`).replace('2026-01-01', validFrom);

  it('refuses a gap in the version numbers', () => {
    const files = { ...soundFiles, 'contracts/lab/v3.yaml': v(3, '2027-01-01') };
    expect(faultsOf(files)).toEqual([
      'contracts/lab/v3.yaml:1: there is no v2 before it; add v2 or use the next number',
    ]);
  });

  it.each(['2026-01-01', '2025-01-01'])('refuses a second version from %s on', (validFrom) => {
    expect(faultsOf({ ...soundFiles, 'contracts/lab/v2.yaml': v(2, validFrom) })).toEqual([
      'contracts/lab/v2.yaml:11: validFrom is not after that of v1; give a later day',
    ]);
  });

  it('refuses a contract whose consignee has no file, and the reverse', () => {
    const { [L]: consignee = '', ...others } = soundFiles;
    const files = { ...others, 'consignees/new.yaml': consignee.replace('id: lab', 'id: new') };
    expect(faultsOf(files)).toEqual([
      'consignees/new.yaml:1: consignee "new" has no contract; add contracts/new/v1.yaml or remove it',
      `${C}:1: consignee "lab" has no file; add lab.yaml for it`,
    ]);
  });

  it.each([
    ['contracts/lab/v2.yml', 'is not named as a version; call it v1.yaml, v2.yaml, …'],
    ['contracts/lab/draft.yaml', 'is not named as a version; call it v1.yaml, v2.yaml, …'],
    ['contracts/new.yaml', 'stands outside a folder; move it to <consignee>/v<N>.yaml'],
    ['contracts/La b/v1.yaml', 'is not named as an id; use lower case, digits and hyphens'],
    ['consignees/Lab2.yaml', 'is not named as an id; call it <id>.yaml in lower case'],
    ['consignees/lab2.yml', 'is not named as an id; call it <id>.yaml in lower case'],
  ])('refuses %s, which would be ignored silently', (path, wrong) => {
    const place = path.startsWith('contracts/La b') ? 'contracts/La b' : path;
    expect(faultsOf({ ...soundFiles, [path]: text })).toEqual([`${place}:1: ${wrong}`]);
  });

  it('refuses a file that is empty, too large, not UTF-8, nested too deeply or a folder', () => {
    const wrong = (content: string | Uint8Array) => faultsOf({ ...soundFiles, [C]: content });
    expect(wrong('# nothing\n')).toEqual([
      `${C}:1: is empty; copy another file of its kind and adapt it`,
    ]);
    expect(wrong('#'.repeat(300_000))).toEqual([
      `${C}:1: is larger than 262144 bytes; keep it below`,
    ]);
    expect(wrong(Buffer.from([0x61, 0xff]))).toEqual([
      `${C}:1: is not UTF-8 text; save it as UTF-8`,
    ]);
    expect(wrong('['.repeat(100_000))[0]).toMatch(/^contracts\/lab\/v1\.yaml:\d+: /);
    const others = Object.entries(soundFiles).filter(([path]) => path !== C);
    expect(faultsOf({ ...Object.fromEntries(others), [`${C}/x`]: '' })).toEqual([
      `${C}:1: is not a file; put a YAML file here`,
    ]);
  });

  it('names a folder that cannot be read instead of crashing', () => {
    const load = () =>
      loadAgreements(
        { resolveSecret },
        { contractsDir: '/nowhere/c', consigneesDir: '/nowhere/d' },
      );
    expect(load).toThrow(StartupError);
    expect(load).toThrow('/nowhere/d:1: cannot be read (ENOENT)');
    expect(load).toThrow('/nowhere/c:1: holds no contract; add one');
  });
});

it('lists the faults of all files at once, by file and line', () => {
  const faults = faultsOf({
    [D]: (soundFiles[D] ?? '').replace('examples: [done]', 'examples: [1]'),
    [C]: (soundFiles[C] ?? '').replace('version: 1', 'version: one').replace('subject:', 'subjet:'),
    [L]: (soundFiles[L] ?? '').replace('https:', 'http:').replace('id: lab', 'id: lap'),
    'contracts/empty/readme.txt': '',
  });
  expect(faults.map((fault) => /^[^:]+:\d+/.exec(fault)?.[0])).toEqual([
    `${L}:1`,
    `${L}:7`,
    `${D}:22`,
    'contracts/empty:1',
    `${C}:1`,
    `${C}:2`,
    `${C}:6`,
  ]);
});

it('spoiled files either load or are refused with file and line, and never crash', () => {
  const path = fc.constantFrom(D, C, L);
  const spoil = fc.tuple(
    path,
    fc.nat(),
    fc.nat({ max: 40 }),
    fc.constantFrom('', ' ', '\n', '-', '{', 'x', ':', '*a', '"'),
  );
  fc.assert(
    fc.property(spoil, ([file, at, length, put]) => {
      const text = soundFiles[file] ?? '';
      const start = at % text.length;
      const changed = text.slice(0, start) + put + text.slice(start + length);
      for (const fault of faultsOf({ ...soundFiles, [file]: changed })) {
        expect(fault).toMatch(/^(contracts|consignees)\/[\w/.-]+:[1-9]\d*: .+; .+/s);
      }
    }),
    { numRuns: 80 },
  );
});

describe('what was read', () => {
  it('has the defaults of the settings that were left out', () => {
    const { consignees, contracts } = loadFiles(soundFiles);
    const lab = consignees.get('lab');
    expect(lab?.retry).toEqual({
      scheduleSeconds: [5, 300, 1800, 7200, 18000, 36000, 36000],
      timeoutSeconds: 15,
    });
    expect(lab?.rate).toEqual({ concurrencyMax: 8, perSecondMax: null });
    expect(lab?.push?.signing).toEqual({ scheme: 'hmac', secrets: [Buffer.alloc(24, 7)] });
    expect(lab?.encryptionKeys).toEqual([publicJwk]);
    expect(contracts[0]?.retention).toMatchObject({ purgeAfterDays: 7, expireAfterDays: 30 });
  });

  it.each(['http://127.0.0.1:8081/x', 'http://localhost/x', 'http://[::1]:9/x'])(
    'takes a push to %s, which stays on this machine',
    (url) => {
      expect(faultsOf(spoiled(L, 'https://lab.invalid/transfers', url))).toEqual([]);
    },
  );

  it('contracts an encrypted item although the consignee has no key: release refuses it', () => {
    const files = spoiled(C, 'item: name', 'item: residentRegistrationNumber');
    const keyless = (soundFiles[L] ?? '').replace(`encryptionKeys:\n${keysLine}\n`, '');
    expect(loadFiles({ ...files, [L]: keyless }).consignees.get('lab')?.encryptionKeys).toEqual([]);
  });

  it('has a digest of contract and dictionary, whatever the layout and the comments', () => {
    const digest = (files: Record<string, string>) => loadFiles(files).contracts[0]?.digest;
    const base = digest(soundFiles);
    expect(base).toHaveLength(32);
    expect(digest(spoiled(C, 'version: 1\n', '# new\nversion:   1\n'))).toEqual(base);
    expect(digest(spoiled(C, 'required: true', 'required: false'))).not.toEqual(base);
    expect(digest(spoiled(D, 'maxLength: 50', 'maxLength: 51'))).not.toEqual(base);
  });
});
