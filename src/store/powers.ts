/** What a role can do in a database, asked of PostgreSQL itself, against what it was given. */
import type { Queryable } from './pool.ts';

/** What a role was given: privileges by table, as GRANT takes them, and functions. */
export interface Given {
  tables: Readonly<Record<string, string>>;
  functions: readonly string[];
}

/** One line each, such as `DELETE on entries_0`. Both empty: it can do what it was given. */
export interface PowerDifference {
  more: string[];
  less: string[];
}

/** Holds the role of this connection, and whatever it is a member of, against what it was given. */
export async function comparePowers(db: Queryable, given: Given): Promise<PowerDifference> {
  const wanted = [...tablePowers(given.tables), ...(await functionPowers(db, given.functions))];
  const { rows } = await db.query<{ power: string }>(heldSql);
  const held = new Set(rows.map(({ power }) => power));
  const allowed = new Set(wanted);
  // a privilege on a whole table is one on each of its columns
  const isHeld = (power: string) =>
    held.has(power) || held.has(power.replace(/ \([^)]+\) on /, ' on '));
  return {
    more: [...held].filter((power) => !allowed.has(power)).sort(gravest),
    less: wanted.filter((power) => !isHeld(power)).sort(),
  };
}

/** What a role is, and what it owns, before what it was granted. */
function gravest(a: string, b: string): number {
  const granted = (power: string) => Number(/ on /.test(power));
  return granted(a) - granted(b) || (a < b ? -1 : 1);
}

/** `SELECT, UPDATE (a, b)` → `SELECT on t`, `UPDATE (a) on t`, `UPDATE (b) on t`. */
function tablePowers(tables: Given['tables']): string[] {
  return Object.entries(tables).flatMap(([table, privileges]) =>
    [...privileges.matchAll(/([A-Z]+)(?: \(([^)]+)\))?/g)].flatMap(([, privilege, columns]) =>
      columns === undefined
        ? [`${privilege} on ${table}`]
        : columns.split(/,\s*/).map((column) => `${privilege} (${column}) on ${table}`),
    ),
  );
}

/** In PostgreSQL's own spelling of their types. */
async function functionPowers(db: Queryable, functions: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ power: string }>(
    `SELECT 'EXECUTE on ' || coalesce(to_regprocedure(name)::text, name) AS power
     FROM unnest($1::text[]) AS name`,
    [functions],
  );
  return rows.map(({ power }) => power);
}

const notOfSystem = `nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast\\_temp\\_%'`;

// What stands in a schema that the role may not use is out of its reach.
// Of a table of another schema the name is told with its schema, so that it is no table of ours.
const heldSql = `
  WITH things AS (
    SELECT c.oid, c.relkind AS kind, c.relowner AS owner,
      CASE WHEN nspname = 'public' THEN c.relname ELSE nspname || '.' || c.relname END AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${notOfSystem}
      AND (has_schema_privilege(n.oid, 'USAGE') OR c.relowner = current_user::regrole)
  ), me AS (SELECT * FROM pg_roles WHERE rolname = current_user)
  SELECT privilege || ' on ' || name AS power FROM things
  CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
    'TRIGGER', 'MAINTAIN']) AS privilege
  WHERE kind <> 'S' AND has_table_privilege(oid, privilege)
  UNION ALL
  SELECT privilege || ' (' || attname || ') on ' || name FROM things
  CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
  JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
  WHERE kind <> 'S' AND NOT has_table_privilege(oid, privilege)
    AND has_column_privilege(oid, attnum, privilege)
  UNION ALL
  SELECT privilege || ' on sequence ' || name FROM things
  CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS privilege
  WHERE kind = 'S' AND has_sequence_privilege(oid, privilege)
  UNION ALL
  SELECT 'EXECUTE on ' || p.oid::regprocedure::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE ${notOfSystem} AND has_schema_privilege(n.oid, 'USAGE')
    AND has_function_privilege(p.oid, 'EXECUTE')
  UNION ALL
  SELECT 'CREATE on schema ' || nspname FROM pg_namespace
  WHERE ${notOfSystem} AND has_schema_privilege(oid, 'CREATE')
  UNION ALL
  SELECT privilege || ' on the database' FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS privilege
  WHERE has_database_privilege(current_database(), privilege)
  UNION ALL
  SELECT 'ownership of ' || name FROM things, me WHERE owner = me.oid
  UNION ALL
  SELECT 'ownership of ' || p.oid::regprocedure::text FROM pg_proc p, me WHERE proowner = me.oid
  UNION ALL
  SELECT 'ownership of schema ' || nspname FROM pg_namespace, me WHERE nspowner = me.oid
  UNION ALL
  SELECT 'ownership of the database' FROM pg_database, me
  WHERE datname = current_database() AND datdba = me.oid
  UNION ALL
  SELECT 'membership in ' || roleid::regrole::text FROM pg_auth_members, me WHERE member = me.oid
  UNION ALL
  SELECT 'the role ' || session_user || ' behind it' WHERE session_user <> current_user
  UNION ALL
  SELECT attribute FROM me, LATERAL (VALUES (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'),
    (rolcreatedb, 'CREATEDB'), (rolbypassrls, 'BYPASSRLS'), (rolreplication, 'REPLICATION'))
    AS a (held, attribute) WHERE held`;
