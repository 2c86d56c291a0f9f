/** Who got what: a line of JSON for each consignee, or a table and some sentences for a person. */
import type { Tally } from './book.ts';

export interface Totals {
  transfers: number;
  delivered: number;
  results: number;
  entries: number;
  checkpoint: string;
  verified: boolean;
}

/** The machine-readable report: consignees in the published order, then the summary. */
export function jsonLines(tallies: readonly Tally[], totals: Totals): string {
  const lines = tallies.map((tally) => ({
    ...{ consignee: tally.consignee, contract: tally.contract },
    ...{ transfers: tally.transfers, delivered: tally.delivered },
    ...{ released: listed(tally, tally.released), derived: listed(tally, tally.derived) },
    withheld: [...tally.withheld.values()],
    received: listed(tally, tally.received),
  }));
  return [...lines, { summary: true, ...totals }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

/** Codes in the order of the contract; one that it does not list would stand first. */
function listed({ items }: Tally, codes: ReadonlySet<string>): string[] {
  return [...codes].toSorted((a, b) => items.indexOf(a) - items.indexOf(b));
}

const itemsWidth = 41;
const columns = [
  ['consignee', 13],
  ['contract', 8],
  ['by', 4],
  ['delivered', 9],
  ['results', 7],
  ['proofs', 6],
  ['items in the bytes it received', itemsWidth],
  ['kept back', 18],
] as const;

/** A table of at most 120 columns. */
export function table(tallies: readonly Tally[]): string {
  const rule = columns.map(([, width]) => '─'.repeat(width));
  const rows = tallies.map((tally) => [
    [tally.consignee],
    [tally.contract.split('.').at(-1) ?? ''],
    [tally.channel],
    [`${tally.delivered} of ${tally.transfers}`],
    [String(tally.results)],
    [tally.transfers === 0 ? '-' : tally.delivered === tally.transfers ? 'ok' : 'NO'],
    wrap(marked(tally), itemsWidth),
    [keptBack(tally)],
  ]);
  const lines = rows.flatMap((cells) => {
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) => cells.map((cell) => cell[at] ?? ''));
  });
  return [columns.map(([title]) => title), rule, ...lines, rule]
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(columns[at]![1]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function marked(tally: Tally): string[] {
  const codes = listed(tally, tally.received);
  return codes.map((code) => (tally.derived.has(code) ? `${code}*` : code));
}

/**
 * How many keys of the record stayed, and how many of them because the contract does not list them.
 */
function keptBack({ withheld }: Tally): string {
  const listed = [...withheld.values()].filter(({ reason }) => reason === 'NOT_IN_CONTRACT');
  return withheld.size === 0 ? '-' : `${withheld.size} (${listed.length} not listed)`;
}

function wrap(words: readonly string[], width: number): string[] {
  const lines = [''];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** What just happened, for somebody who sees Waybill for the first time. */
export function explain(
  tallies: readonly Tally[],
  outcome: { totals: Totals; twinsRefused: number; seconds: number },
): string {
  const { transfers, delivered, results, entries, verified } = outcome.totals;
  const pushed = tallies.filter(({ channel }) => channel === 'push').length;
  const pulled = tallies.length - pushed;
  const verdict = verified ? 'all of it adds up' : 'IT DOES NOT ADD UP';
  return [
    '*          computed by the gateway from other values of the record',
    'proofs     what arrived is what the signed ledger committed to, recomputed by the consignee',
    'kept back  what the contract does not list, what no contract may list (a fingerprint, a',
    '           password hash) and what nobody has defined (a guardian); --json names each',
    '',
    `An EMR sent ${transfers} whole records of invented people, all 30 items in each, to` +
      ` ${tallies.length} consignees`,
    'in turn. Each was handed what its contract in contracts/ lists, and nothing else.',
    `${delivered} were delivered: pushed to ${pushed} consignees, and claimed by ${pulled} that` +
      ' poll. Registration',
    'numbers left encrypted. Each consignee decrypted, recomputed the commitment and proved it to',
    `a signed checkpoint before it accepted; ${outcome.twinsRefused} corrupted twins of real` +
      ' deliveries were refused.',
    `${results} results came back, were minimised in their turn, and the EMR collected them.`,
    `The ledger holds ${entries} entries, and an auditor's check from outside says:`,
    `${verdict} (${outcome.seconds.toFixed(1)} s).`,
  ].join('\n');
}

/** Where to look while the demo stays up. */
export function invite({ url, home }: { url: string; home: { path: string } }): string {
  return [
    '',
    `The demo stays up and sends an order every two seconds. Ctrl-C ends it.`,
    `  notice       ${url}/v1/notice   the public list of consignees`,
    `  reference    ${url}/docs`,
    `  console      ${url}/console/   (npx waybill staff add --role auditor --reason "a look")`,
    `  health       ${url}/readyz`,
    `  API          ${url}/v1   (tokens: ${url}/oauth2/token)`,
    `  client keys  ${home.path}/clients/<client>.jwk.json: emr, auditor, operator, each consignee`,
    '  verify the ledger yourself:',
    `    npx waybill ledger verify --url ${url} --vkey ${home.path}/ledger.vkey \\`,
    `      --client-key ${home.path}/clients/auditor.jwk.json`,
    '',
  ].join('\n');
}
