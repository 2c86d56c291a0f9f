/**
 * The statements of the audit search. Each reads an index in the order of the answer, or so few
 * rows of it that their number does not grow with the table: `npm run bench -- --only search`.
 */
import { escapeLiteral } from 'pg';
import type { Statement } from '#src/store/pool.ts';

/** What is asked of one statement. */
export interface Asked {
  /** UUIDs: from inclusive, below exclusive. */
  low: string;
  high: string;
  /** Facts that the class must have; none: any class. */
  facts: readonly string[];
  status: string | undefined;
  /** The random id of a person (UUID). */
  subject: string | undefined;
  /** Id of a transfer (UUID). */
  transfer: string | undefined;
}

/**
 * How a search reads, for its transaction alone. One snapshot: whatever moves meanwhile, the page
 * is whole, and every row of it fits. Plans are made once for any value, as planning over all
 * months takes longer than reading; and by numbers of rows alone: a plan for any period expects it
 * to be short, and would rather read all of it in the order of the heap than one status by its
 * index.
 */
export const readingSql = `
  SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL plan_cache_mode = force_generic_plan;
  SET LOCAL jit = off;
  SET LOCAL enable_seqscan = off;
  SET LOCAL random_page_cost = 0;
  SET LOCAL seq_page_cost = 0`;

/** Rows that a statement is made for: in its text, so that its plan knows that they are few. */
const sizes = [51, 201, 1001] as const;

/** The least of the sizes that holds `count` rows. */
export function sizeOf(count: number): number {
  const size = sizes.find((one) => one >= count);
  if (size === undefined) throw new RangeError(`a page has ${sizes.at(-1)} rows at most`);
  return size;
}

/** How many of the newest are looked through before classes are, for each row of a page. */
const windowFactor = 8;
export const windowOf = (size: number): number => size * windowFactor;

/** Collects the values of one statement, each under its number. */
function createValues() {
  const values: unknown[] = [];
  return {
    values,
    of: (value: unknown, type: string): string => `$${values.push(value)}::${type}`,
  };
}

/** Its name says all that its text depends on: prepared once per connection. */
function named(what: string, size: number, asked: Asked, made: Omit<Statement, 'name'>): Statement {
  const parts = [
    ...['search', what, size],
    ...(asked.facts.length > 0 ? ['class'] : []),
    ...(asked.status === undefined ? [] : ['status']),
    ...(asked.subject === undefined ? [] : ['subject']),
    ...(asked.transfer === undefined ? [] : ['transfer']),
  ];
  return { name: parts.join('-'), ...made };
}

function conditions(asked: Asked, of: (value: unknown, type: string) => string): string {
  const { low, high, status, subject, transfer } = asked;
  return [
    `id >= ${of(low, 'uuid')} AND id < ${of(high, 'uuid')}`,
    ...(status === undefined ? [] : [`status = ${of(status, 'text')}`]),
    ...(subject === undefined ? [] : [`subject = ${of(subject, 'uuid')}`]),
    ...(transfer === undefined ? [] : [`id = ${of(transfer, 'uuid')}`]),
  ].join(' AND ');
}

const fitting = (facts: string): string =>
  `SELECT fit.id FROM transfer_classes AS fit WHERE fit.facts @> ${facts}`;

/** All that fit, straight from one index: no class is asked for, or only one person's are read. */
export function directSql(asked: Asked, size: number): Statement {
  const { values, of } = createValues();
  const where = conditions(asked, of);
  const facts = asked.facts.length === 0 ? null : of(asked.facts, 'text[]');
  const ofClass = facts === null ? '' : `AND class IN (${fitting(facts)})`;
  const text = `SELECT id FROM transfers WHERE ${where} ${ofClass} ORDER BY id DESC LIMIT ${size}`;
  return named('direct', size, asked, { text, values });
}

/** The oldest of that status: below it no month need be read. */
export function oldestSql(asked: Asked): Statement {
  const { values, of } = createValues();
  const text = `SELECT id FROM transfers WHERE ${conditions(asked, of)} ORDER BY id LIMIT 1`;
  return named('oldest', 1, asked, { text, values });
}

/**
 * Those that fit among the newest (of that status), whatever their class: enough for everything
 * that is common. `seen`: how many there were in the window; `last`: the oldest of them.
 */
export function lookSql(asked: Asked, size: number): Statement {
  const { values, of } = createValues();
  const facts = of(asked.facts, 'text[]');
  const text = `
    WITH newest AS MATERIALIZED (
      SELECT id, class FROM transfers WHERE ${conditions(asked, of)}
      ORDER BY id DESC LIMIT ${windowOf(size)}
    )
    SELECT (SELECT count(*)::integer FROM newest) AS seen,
      (SELECT id FROM newest ORDER BY id LIMIT 1) AS last,
      ARRAY(SELECT newest.id FROM newest WHERE newest.class IN (${fitting(facts)})
        ORDER BY newest.id DESC LIMIT ${size}) AS found`;
  return named('look', size, asked, { text, values });
}

/**
 * The newest that fit, class by class: the months of the classes, newest first, until there are
 * `months` of them; the newest transfer of each; of those that come first among these, the further
 * ones, as far back as the last of them where they fill the page. `reached`: the oldest month that
 * was read; `more`: whether there are older ones.
 *
 * @param asked.status one that `transfers_class_status` holds
 * @param input.state what `class_months` is asked for: `any`, or how they ended
 */
export function leapSql(
  asked: Asked,
  input: { size: number; state: string; months: number },
): Statement {
  const { values, of } = createValues();
  const { size } = input;
  const [low, high] = [of(asked.low, 'uuid'), of(asked.high, 'uuid')];
  // In the text, so that the plan knows that the partial index has it.
  const status =
    asked.status === undefined ? '' : `AND one.status = ${escapeLiteral(asked.status)}`;
  const months = of(input.months, 'integer');
  const text = `
    WITH pairs AS MATERIALIZED (
      SELECT DISTINCT class, month FROM class_months
      WHERE state = ${of(input.state, 'text')} AND class IN (${fitting(of(asked.facts, 'text[]'))})
        AND month >= uuid_month(${low}) AND month <= uuid_month(${high})
    ), months AS MATERIALIZED (
      SELECT month, (sum(count(*)) OVER (ORDER BY month DESC) - count(*))::integer AS newer
      FROM pairs GROUP BY month
    ), chosen AS MATERIALIZED (
      SELECT class, greatest(uuid_floor(month::timestamp AT TIME ZONE 'UTC'), ${low}) AS low,
        least(uuid_floor((month + interval '1 month') AT TIME ZONE 'UTC'), ${high}) AS high
      FROM pairs WHERE month >= (SELECT min(month) FROM months WHERE newer < ${months})
    ), first AS MATERIALIZED (
      SELECT chosen.class, chosen.low, newest.id FROM chosen, LATERAL (
        SELECT one.id FROM transfers AS one
        WHERE one.class = chosen.class ${status} AND one.id >= chosen.low AND one.id < chosen.high
        ORDER BY one.id DESC LIMIT 1
      ) AS newest ORDER BY newest.id DESC LIMIT ${size}
    ), last AS MATERIALIZED (
      SELECT id FROM first ORDER BY id DESC OFFSET ${size - 1}
    )
    SELECT (SELECT min(month)::text FROM months WHERE newer < ${months}) AS reached,
      EXISTS (SELECT FROM months WHERE newer >= ${months}) AS more,
      ARRAY(SELECT further.id FROM first, LATERAL (
        SELECT one.id FROM transfers AS one
        WHERE one.class = first.class ${status} AND one.id <= first.id
          AND one.id >= greatest(first.low, (SELECT id FROM last))
        ORDER BY one.id DESC LIMIT ${size}
      ) AS further ORDER BY further.id DESC LIMIT ${size}) AS found`;
  return named(`leap-${asked.status ?? 'any'}`, size, asked, { text, values });
}
