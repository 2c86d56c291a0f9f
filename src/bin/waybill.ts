/** The command line: one command, one file; long work tells its progress on standard error. */
import { GatewayError, StartupError } from '#src/base/errors.ts';

const usage = `usage: waybill <command>

  serve [--workers N]        run the gateway (settings: environment variables, see README),
                             in N processes behind one port
  demo [--once] [--json] [--orders N]
                             the gateway, an EMR and all 17 consignees, played through
  migrate                    bring the database of MIGRATION_DATABASE_URL to this version
  client add ID --role ROLE [--consignee ID] --jwk FILE --reason TEXT
  client change ID --scopes "SCOPE …" --reason TEXT
  client rotate ID --jwk FILE [--keep-old-days N] --reason TEXT
                             a new key for a client, revoked or not
  client revoke ID --reason TEXT
  client list                who may call
  staff add [ID] --role ROLE… [--display-name TEXT] --reason TEXT
                             an account for a person; prints what the person begins with, once
  staff change ID --role ROLE… --reason TEXT
  staff revoke|unlock|reset ID --reason TEXT
                             reset: the person begins anew, without the old password and codes
  staff list                 the accounts of people
  keys list                  which keys there are, and which processes hold them
  keys rotate sealing|hmac|ledger|token --reason TEXT [--wait SECONDS]
                             a new key in place of the current one, while gateways run
  keys retire sealing|hmac|ledger|token ID --reason TEXT [--now]
                             the end of an old key, where nothing needs it any more
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
  ledger verify --url URL --client-key FILE | --dir DIR --vkey TEXT|FILE [--state FILE] [--json]
                [--witness TEXT|FILE …] [--witnesses-min N] [--hashes-only]
                             check a running gateway's ledger, or a copy of one, from outside
  ledger mirror --dir DIR --url URL --client-key FILE [--vkey TEXT|FILE] [--details]
                [--hashes-only] [--witnesses N] [--archive DIR]...
                             keep a copy of the ledger that verifies without the gateway
  reconcile --day YYYY-MM-DD [--hour N] [--what transfers|results] [--ids FILE]
            [--side emr|consignee] [--consignee ID] [--json] --url URL --client-key FILE
                             what one side has of a day and another lacks
  ledger accept-fork --reason TEXT
                             go on although the ledger's key has signed another tree
  witness key NAME FILE      make the key of a witness of a ledger; prints its public half
  witness --url URL --client-key FILE --key FILE --vkey TEXT|FILE [--state FILE]
          [--interval SECONDS] [--once]
                             follow a gateway's ledger, and cosign what only grows
  ledger verify --evidence FILE --vkey TEXT|FILE [--witness TEXT|FILE] [--keys JWKS] [--json]
                             check one transfer's evidence file; offline
  evidence TRANSFER --out FILE --reason TEXT --url URL --client-key FILE
                             everything that proves one transfer, in a file for that check
  audit export --format csv|ndjson|fhir --reason TEXT --out FILE [--from TIME] [--to TIME]
               [--consignee ID] [--status S] [--released ITEM] [--withheld ITEM]
               [--subject-file FILE] [--lang en|ko] --url URL --client-key FILE
                             what a search finds, into a file
  transfer send --file ORDERS.ndjson --url URL --client-key FILE
                             upload many orders; goes on by itself where it broke off
  transfer redeliver ID --url URL --client-key FILE [--reason TEXT]
                             let one that ended go once more: its EMR, or an operator with a reason
  consignee replay ID --what failed|unacknowledged --since TIME --reason TEXT --url URL
                   --client-key FILE
                             let what a consignee did not get since then go once more
  disclosures --subject-file FILE|- [--html FILE] [--from TIME] [--to TIME] [--reason-file FILE]
              [--lang en|ko] [--json] --url URL --client-key FILE
                             who received the data of the person in the file, or a page of it
  review list [--json] --url URL --client-key FILE
                             which periods there are, and which are overdue
  review show PERIOD [--lang en|ko] [--json] --url URL --client-key FILE
                             what happened in a period, and what the rules found
  review sign PERIOD --summary TEXT --findings-file FILE|- --measures-file FILE --url URL
              --client-key FILE
                             sign what was shown, with what was found and done
  subject erase --subject-file FILE|- --reason TEXT --url URL --client-key FILE
                             destroy what is kept of the person in the file; proofs still hold
  archive --before YYYY-MM --dir DIR
                             move what is old enough to files, and out of the database
  archive verify DIR [--vkey TEXT|FILE]
                             whether an archive is whole; offline
  archive drop --dir DIR     destroy the detached tables whose archives lie there, and are whole
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
  staff: async (args) => (await import('./staff.ts')).manageStaff(process.env, args),
  keys: async (args) => (await import('./keys.ts')).manageKeys(process.env, args),
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
  'ledger mirror': async (args) => (await import('./mirror.ts')).mirrorCommand(args),
  reconcile: async (args) => (await import('./reconcile.ts')).reconcileDay(args),
  'ledger accept-fork': async (args) =>
    (await import('./witness-accept.ts')).acceptForks(process.env, args),
  'witness key': async (args) => (await import('./witness-key.ts')).makeWitnessKey(args),
  witness: async (args) => (await import('./witness.ts')).runWitness(args),
  'audit export': async (args) => (await import('./export.ts')).exportToFile(args),
  evidence: async (args) => (await import('./evidence.ts')).fetchEvidence(args),
  'transfer send': async (args) => (await import('./transfer-send.ts')).sendTransfers(args),
  'transfer redeliver': async (args) => (await import('./redeliver.ts')).redeliverTransfer(args),
  'consignee replay': async (args) => (await import('./redeliver.ts')).replayMissed(args),
  disclosures: async (args) =>
    (await import('./disclosures.ts')).tellDisclosures(process.env, args),
  'review list': async (args) => (await import('./review.ts')).listPeriods(args),
  'review show': async (args) => (await import('./review.ts')).showPeriod(process.env, args),
  'review sign': async (args) => (await import('./review.ts')).signPeriod(args),
  'subject erase': async (args) => (await import('./erase.ts')).eraseSubject(args),
  archive: async (args) => (await import('./archive.ts')).archiveOld(process.env, args),
  'archive verify': async (args) => (await import('./archive.ts')).verifyArchives(args),
  'archive drop': async (args) => (await import('./archive.ts')).dropArchived(process.env, args),
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
