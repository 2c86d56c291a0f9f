/**
 * The rules of the house, held against its own files; every exception is listed with its reason.
 */
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allFiles, readText, sourcesUnder, type Source } from './support/sources.ts';

const product = sourcesUnder('src', 'api');
const tests = sourcesUnder('test');
const page = sourcesUnder('console');
const all = [...product, ...page, ...tests, ...sourcesUnder('bench')];

/** The paths of the sources that break a rule; a test expects none. */
const breaking = (sources: readonly Source[], breaks: (source: Source) => boolean) =>
  sources.filter(breaks).map(({ path }) => path);

/** What an import leads to, from the root: `src/base/log.ts`; a package keeps its name. */
function target(source: Source, from: string): string {
  if (from.startsWith('#')) return from.slice(1);
  return from.startsWith('.') ? join(dirname(source.path), from) : from;
}

describe('the floors', () => {
  const floors: Readonly<Record<string, number>> = {
    ...{ 'src/base': 0, 'src/store': 0 },
    ...{ 'src/agreements': 1, 'src/minimise': 1, 'src/ledger': 1, 'src/sealing': 1 },
    ...{ 'src/access': 1, 'src/transfers': 2, 'src/lifecycle': 2 },
    ...{ 'src/delivery': 3, 'src/oversight': 3, 'src/gateway-loops.ts': 4, 'src/gateway.ts': 4 },
    ...{ api: 5, 'src/bin': 6 },
  };
  const neighbours = [
    // The store tells what happened in the words and errors of the base, which all rooms share.
    ['src/store', 'src/base'],
    // Rooms first, then the loops that work in them: one gateway, read in two pieces.
    ['src/gateway.ts', 'src/gateway-loops.ts'],
  ];

  const roomOf = (path: string) =>
    Object.keys(floors).find((room) => path === room || path.startsWith(`${room}/`));
  const steps = product.flatMap((source) =>
    source.imports
      .map(({ from }) => target(source, from))
      .filter((to) => /^(src|api|test)\//.test(to))
      .map((to) => ({ path: source.path, room: roomOf(source.path), to, toRoom: roomOf(to) })),
  );

  test('every file is in a room', () => {
    expect(breaking(product, ({ path }) => roomOf(path) === undefined)).toEqual([]);
  });

  test('imports run down only, and rooms on one floor do not see each other', () => {
    const wrong = steps.filter(({ room = '', toRoom = '' }) => {
      if (room === toRoom) return false;
      const listed = neighbours.some(([from, to]) => from === room && to === toRoom);
      return !listed && !((floors[toRoom] ?? Infinity) < (floors[room] ?? -Infinity));
    });
    expect(wrong.map(({ path, to }) => `${path} imports ${to}`)).toEqual([]);
  });

  test('a relative import stays in its room, and no file only passes others on', () => {
    const astray = product.flatMap((source) =>
      source.imports
        .filter(({ from }) => from.startsWith('.') && source.path !== 'src/gateway.ts')
        .map(({ from }) => target(source, from))
        .filter((to) => roomOf(to) !== roomOf(source.path))
        // The schema of a file stands beside the files, where editors find it.
        .filter((to) => !/^(contracts|consignees)\/[a-z]+\.schema\.json$/.test(to))
        .map((to) => `${source.path} imports ${to}`),
    );
    expect(astray).toEqual([]);
    expect(breaking(all, ({ path }) => /(^|\/)index\.ts$/.test(path))).toEqual([]);
  });

  test('the auditor can run the proofs alone', () => {
    const importsOf = (path: string): string[] => {
      const source = product.find((one) => one.path === path);
      return (source?.imports ?? []).map(({ from }) => target(source!, from));
    };
    const verify = 'src/ledger/verify.ts';
    expect(importsOf(verify)).toEqual([]);
    const alone = ['leaf', 'versions', 'life', 'entry-check', 'walk', 'tile-tree', 'span'];
    alone.push('folder-tree', 'folder', 'cosignature', 'proof-file');
    const paths = alone.map((name) => `src/ledger/${name}.ts`);
    const outside = paths.flatMap(importsOf).filter((to) => to !== verify && !paths.includes(to));
    expect(outside).toEqual([]);
  });

  test('the console is one more client of the API, with the verifier that auditors run', () => {
    const seen = page.flatMap((source) => source.imports.map(({ from }) => target(source, from)));
    const outside = seen.filter((to) => /^(src|api|test|contracts|consignees)\//.test(to));
    expect([...new Set(outside)].sort()).toEqual(['api/openapi.d.ts', 'src/ledger/verify.ts']);
  });

  test('minimising knows nothing but the base', () => {
    const own = product.filter(({ path }) => path.startsWith('src/minimise/'));
    const seen = own.flatMap((source) => source.imports.map(({ from }) => target(source, from)));
    const wrong = seen.filter(
      (to) => /^(src|api)\//.test(to) && !/^src\/(minimise|base)\//.test(to),
    );
    expect(wrong).toEqual([]);
  });

  test('only minimising mints a Released', () => {
    const minters = all.filter(({ imports }) =>
      imports.some(({ names }) => names.includes('mint')),
    );
    const outside = breaking(minters, ({ path }) => !/^(src|test)\/minimise\//.test(path));
    expect(minters.length).toBeGreaterThan(0);
    expect(outside).toEqual([]);
  });

  test('only a push leaves the gateway, and the question who somebody is', () => {
    const outward =
      /^(undici|oauth4webapi|openid-client|node:(https?|http2|net|tls|dgram|dns(\/promises)?))$/;
    const speaks = ({ imports, calls }: Source) =>
      imports.some(({ from, isType }) => !isType && outward.test(from)) || calls.includes('fetch');
    const rooms = product.filter(({ path }) => !path.startsWith('src/bin/'));
    expect(breaking(rooms, speaks)).toEqual([
      'src/base/addresses.ts', // compares addresses, and opens nothing
      'src/delivery/access-token.ts', // asks through the agent alone
      'src/delivery/agent.ts',
      'src/delivery/guarded-connect.ts', // decides where the agent may connect to
      'src/store/embedded/postmaster.ts', // asks the system for a free port
      'api/oauth/openid-http.ts', // asks the clinic's own OpenID provider who somebody is
      'api/oauth/openid.ts', // asks through that alone
    ]);
  });

  test('only api/problem.ts knows the statuses of problems', () => {
    const api = product.filter(({ path }) => /^api\/[^/]+\.ts$/.test(path));
    const named = breaking(api, ({ numbers }) => numbers.some((n) => n >= 400 && n <= 599));
    expect(named).toEqual([
      'api/probes.ts', // a load balancer wants 503 of /readyz, which is no problem document
      'api/problem.ts',
      'api/steps.ts', // errors of our own are logged louder
      'api/validation.ts', // turns the validator's statuses into codes
    ]);
  });
});

describe('sizes', () => {
  test('a file has 250 lines at most', () => {
    const long = breaking(
      all,
      ({ lines, path }) => lines.length > 251 && !path.endsWith('.test.ts'),
    );
    expect(long).toEqual([]);
  });

  test('a file of tests, which is read a case at a time, has 900 at most', () => {
    expect(breaking(tests, ({ lines }) => lines.length > 901)).toEqual([]);
  });

  test('a line has 100 characters at most, unless a text would have to be torn', () => {
    const long = all.flatMap(({ path, lines, textLines }) =>
      lines.flatMap((line, at) =>
        line.length > 100 && !textLines.has(at) ? [`${path}:${at + 1}`] : [],
      ),
    );
    expect(long).toEqual([]);
  });
});

describe('names', () => {
  const files = ['src', 'api', 'test', 'bench', '.ci'].flatMap((folder) => allFiles(folder));

  test('of files are in kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|schema|d))*(\.[a-z]+)?$/;
    /** Migrations run in the order of their numbers; a README is where people look for one. */
    const others = /^\d{3}_[a-z_]+\.sql$|^README\.md$/;
    const wrong = files.filter((path) =>
      path.split('/').some((part) => part !== '.ci' && !kebab.test(part) && !others.test(part)),
    );
    expect(wrong).toEqual([]);
  });

  test('say what a file is about', () => {
    const vague =
      /^(utils?|helpers?|common|managers?|services?|misc|shared)\b|-(utils?|helpers?)\b/;
    const wrong = files.filter((path) => path.split('/').some((part) => vague.test(part)));
    expect(wrong).toEqual([]);
  });

  test('of exports are given, not defaulted', () => {
    expect(breaking(all, ({ hasDefaultExport }) => hasDefaultExport)).toEqual([
      'console/vite.config.ts', // vite loads its settings that way
      'test/support/summary.ts', // and vitest its reporters
    ]);
  });
});

describe('what is not done', () => {
  const calling = (sources: readonly Source[], name: RegExp) =>
    breaking(sources, ({ calls }) => calls.some((call) => name.test(call)));

  test('the product writes to its log and its streams, not to the console', () => {
    expect(calling(all, /^console\./)).toEqual([
      'test/support/drift.ts', // a command, which tells what to run
    ]);
  });

  test('chance and time are passed in', () => {
    expect(breaking(product, ({ reads }) => reads.includes('Math.random'))).toEqual([
      'src/gateway.ts', // passes it in
    ]);
    const rooms = product.filter(({ path }) => !path.startsWith('src/bin/'));
    expect(calling(rooms, /^(Date\.now|new Date\(\))$/)).toEqual([]);
    expect(calling(tests, /^Math\.random$/)).toEqual([]);
  });

  test('text is not run, and types are not waved through', () => {
    expect(calling(all, /^(eval|new Function|vm\.\w+)/)).toEqual([]);
    expect(breaking(all, ({ usesAny }) => usesAny)).toEqual([]);
    const waved = /@ts-(ignore|nocheck|expect-error)|eslint-disable(?!-next-line [\w/@-]+ -- \S)/;
    expect(breaking(product, ({ text }) => waved.test(text))).toEqual([]);
    const others = tests.filter(({ path }) => path !== 'test/house.test.ts');
    expect(breaking(others, ({ text }) => waved.test(text))).toEqual([]);
  });

  test('tests wait for conditions, not for a time', () => {
    const outside = tests.filter(({ path }) => !path.startsWith('test/support/'));
    const sleeping = ({ calls, imports }: Source) =>
      calls.some((call) => /(^|\.)setTimeout$/.test(call)) ||
      imports.some(({ from }) => from === 'node:timers/promises');
    expect(breaking(outside, sleeping)).toEqual([
      'test/faults/pace.ts', // a fault lasts as long as its seed says
      'test/flows/hostile.test.ts', // ends a connection that gets no answer
    ]);
  });

  test('tests are all run, on real parts', () => {
    expect(calling(tests, /^(test|it|describe)\.(only|skip|todo|fails)\b/)).toEqual([]);
    expect(calling(tests, /^vi\.(mock|doMock|fn|useFakeTimers|stubGlobal)$/)).toEqual([]);
  });

  test('the product knows nothing of its tests', () => {
    const wrong = breaking(product, (source) =>
      source.imports.some(({ from }) => target(source, from).startsWith('test/')),
    );
    expect(wrong).toEqual([]);
  });
});

test('one sentence atop each file says what it promises', () => {
  const silent = ({ text }: Source) => !/^(\/\*\*|\/\/)\s+(\* )?\S/.test(text);
  expect(breaking(product, silent)).toEqual([]);
  const sql = allFiles('src').filter((path) => path.endsWith('.sql'));
  expect(sql.filter((path) => !readText(path).startsWith('-- '))).toEqual([]);
});

describe('packages', () => {
  const manifest = JSON.parse(readText('package.json')) as Record<string, Record<string, string>>;
  const production = Object.keys(manifest['dependencies'] ?? {});
  const development = Object.keys(manifest['devDependencies'] ?? {});
  const packageOf = (from: string) => /^(@[^/]+\/[^/]+|[^@./#][^/]*)/.exec(from)?.[0];
  const importedBy = (sources: readonly Source[]) =>
    new Set(
      sources
        .flatMap(({ imports }) => imports.map(({ from }) => packageOf(from)))
        .filter((name) => name !== undefined && !name.startsWith('node:')),
    );

  test('leave a signal to npm to the program that it starts', () => {
    const scripts = manifest['scripts'] ?? {};
    for (const name of ['start', 'demo']) expect(scripts[name]).toMatch(/^exec node /);
  });

  test('are pinned to one version each', () => {
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
    const versions = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
    const loose = versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
    expect(versions.length).toBeGreaterThan(20);
  });

  test('of production are all imported by the product, and no others', () => {
    expect([...importedBy([...product, ...page])].sort()).toEqual(production.sort());
  });

  test('that tests import are declared', () => {
    const declared = [...production, ...development];
    const missing = [...importedBy(tests)].filter((name) => !declared.includes(name ?? ''));
    expect(missing).toEqual([]);
  });
});

test('the project speaks of itself only', () => {
  // Put together here, so that this file does not hold them.
  const words = ['cla.ude', 'anthro.pic', 'chat.gpt', 'open.ai', 'co.pilot', 'language. model']
    .concat(['brief.md', 'design.md', 'house.md', 'domain.md', '/wo.rk/', '/ro.ot/', 'iss.ue 2'])
    .map((word) => word.replace('.', ''));
  const texts = allFiles().filter((path) => path !== 'package-lock.json');
  const found = texts.flatMap((path) => {
    const text = readText(path).toLowerCase();
    return words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
  });
  expect(found).toEqual([]);
});
