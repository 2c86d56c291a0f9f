/** The command line: one command, one file; long work tells its progress on standard error. */
import { GatewayError, StartupError } from '#src/base/errors.ts';

const usage = `usage: waybill <command>

  serve [--workers N]        run the gateway (settings: environment variables, see README),
                             in N processes behind one port
  demo [--once] [--json] [--orders N]
                             the gateway, an EMR and all 17 consignees, played through
  migrate                    bring the database of MIGRATION_DATABASE_URL to this version
  client add ID --role ROLE [--consignee ID] --jwk FILE --reason TEXT
  client rotate ID --jwk FILE --reason TEXT
                             a new key for a client, revoked or not
  client revoke ID --reason TEXT
  client list                who may call
  contract lint [CONSIGNEE…] [--lang en|ko] [--json] [--strict]
                             what is wrong or doubtful, what would be right, and the law
  contract new CONSIGNEE [--valid-from YYYY-MM-DD] [--lang en|ko]
                             start the next version from the last, to be filled in
  contract key FILE          make a key to sign contracts with; prints its public half
  contract sign CONSIGNEE.vN --as clinic|consignee [--key FILE] [--noticed-on DATE] [--lang ko]
                             sign a version; says what is missing, and from when it is in force
  contract verify [CONSIGNEE.vN …] [--json] [--lang ko]
                             who signed which version, and whether the signatures hold
  contract diff CONSIGNEE FROM TO [--url URL --client-key FILE] [--days N] [--lang ko] [--json]
                             what a version changes, and what it would have meant of late
  contract usage --url URL --client-key FILE [--days N] [--json]
                             contracted and never used; sent and contracted for nobody
  ledger verify --url URL --client-key FILE --vkey TEXT|FILE [--state FILE]
                             check a running gateway's ledger from outside
  reconcile --day YYYY-MM-DD [--hour N] [--what transfers|results] [--ids FILE]
            [--side emr|consignee] [--consignee ID] [--json] --url URL --client-key FILE
                             what one side has of a day and another lacks
  transfer send --file ORDERS.ndjson --url URL --client-key FILE
                             upload many orders; goes on by itself where it broke off
  transfer redeliver ID --url URL --client-key FILE [--reason TEXT]
                             let one that ended go once more, as its EMR
  consignee replay ID --what failed|unacknowledged --since TIME --reason TEXT --url URL
                   --client-key FILE
                             let what a consignee did not get since then go once more
  transfer replay --record FILE --contract ID --salt BASE64 --commitment BASE64
                             whether a contract makes of a record what was committed to; offline
`;

// Names are looked up by the system in threads of this pool, half of it at most: with the usual
// four, two consignees whose name servers are silent would hold up the pushes to all the others.
process.env['UV_THREADPOOL_SIZE'] ??= '128';

type Command = (args: readonly string[]) => Promise<number>;

// Each command is loaded when it is asked for: help does not wait for the gateway's libraries.
const commands: Readonly<Record<string, Command>> = {
  serve: async (args) => (await import('./serve.ts')).serve(process.env, args),
  demo: async (args) => (await import('./demo/demo.ts')).runDemo(args),
  migrate: async () => (await import('./migrate.ts')).runMigrations(process.env),
  client: async (args) => (await import('./client.ts')).manageClients(process.env, args),
  'contract lint': async (args) => (await import('./lint.ts')).lintContracts(process.env, args),
  'contract key': async (args) => (await import('./signing-key.ts')).makeKeyFile(args),
  'contract sign': async (args) =>
    (await import('./contract-sign.ts')).signVersion(process.env, args),
  'contract verify': async (args) =>
    (await import('./contract-verify.ts')).verifyVersions(process.env, args),
  'contract new': async (args) =>
    (await import('./contract-new.ts')).startContract(process.env, args),
  'contract diff': async (args) =>
    (await import('./contract-diff.ts')).diffVersions(process.env, args),
  'contract usage': async (args) => (await import('./contract-usage.ts')).printUsage(args),
  'ledger verify': async (args) => (await import('./verify.ts')).verifyLedger(args),
  reconcile: async (args) => (await import('./reconcile.ts')).reconcileDay(args),
  'transfer send': async (args) => (await import('./transfer-send.ts')).sendTransfers(args),
  'transfer redeliver': async (args) => (await import('./redeliver.ts')).redeliverTransfer(args),
  'consignee replay': async (args) => (await import('./redeliver.ts')).replayMissed(args),
  'transfer replay': async (args) =>
    (await import('./transfer.ts')).replayTransfer(process.env, args),
};

async function main(argv: readonly string[]): Promise<number> {
  const [first = '', second = ''] = argv;
  const two = commands[`${first} ${second}`];
  if (two) return two(argv.slice(2));
  const one = commands[first];
  if (one) return one(argv.slice(1));
  const asked = ['', 'help', '--help', '-h'].includes(first);
  (asked ? process.stdout : process.stderr).write(usage);
  return asked ? 0 : 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof GatewayError && error.cause instanceof Error ? error.cause : null;
  const why = cause ? `: ${cause.message}` : '';
  process.stderr.write(error instanceof StartupError ? `${text}\n` : `waybill: ${text}${why}\n`);
  process.exitCode = 1;
}
