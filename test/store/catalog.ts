/** The schema as text, from the catalog: what a reviewer reads when a migration changed. */
import type { Queryable } from '#src/store/pool.ts';

const columns = `
  SELECT c.relname AS part, format('  %s %s%s%s%s%s', a.attname,
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN ' NOT NULL' END,
    CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN ' IDENTITY' END,
    ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
    (SELECT ' -- ' || string_agg(g, ', ' ORDER BY g) FROM (SELECT format('%s may %s',
       pg_get_userbyid(grantee), privilege_type) g FROM aclexplode(a.attacl)) x)) AS line
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    AND NOT c.relispartition ORDER BY c.relname, a.attnum`;

const constraints = `
  SELECT c.relname AS part, format('  constraint %s %s', k.conname,
    pg_get_constraintdef(k.oid)) AS line
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND k.contype <> 'n'
  ORDER BY 1, k.conname`;

const indexes = `
  SELECT t.relname AS part, '  ' || pg_get_indexdef(i.indexrelid) AS line
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
  WHERE t.relnamespace = 'public'::regnamespace AND NOT t.relispartition ORDER BY 1, 2`;

const grants = `
  SELECT c.relname AS part, format('  %s may %s', CASE g.grantee WHEN 0 THEN 'PUBLIC'
    ELSE pg_get_userbyid(g.grantee) END,
    string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type))
    AS line
  FROM pg_class c, aclexplode(c.relacl) g
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind <> 'i' AND NOT c.relispartition
    AND g.grantee <> c.relowner GROUP BY c.relname, g.grantee ORDER BY 1, 2`;

const heads = `
  SELECT c.relname AS part, format('table %s%s, owner %s', c.relname,
    ' partitioned by ' || pg_get_partkeydef(c.oid), pg_get_userbyid(c.relowner)) AS line
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition ORDER BY 1`;

const functions = `
  SELECT p.proname AS part, format(E'function %s, owner %s, may execute: %s\\n%s',
    p.oid::regprocedure, pg_get_userbyid(p.proowner), (SELECT string_agg(CASE g.grantee WHEN 0 THEN
      'PUBLIC' ELSE pg_get_userbyid(g.grantee) END, ', ' ORDER BY g.grantee)
      FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
      WHERE g.grantee <> p.proowner),
    regexp_replace(pg_get_functiondef(p.oid), '^', '  ', 'gm')) AS line
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1`;

/** Tables without their partitions, functions, and who may do what. */
export async function describeSchema(db: Queryable): Promise<string> {
  const read = async (sql: string): Promise<{ part: string; line: string }[]> =>
    (await db.query<{ part: string; line: string }>(sql)).rows;
  const details: { part: string; line: string }[] = [];
  for (const sql of [columns, constraints, indexes, grants]) details.push(...(await read(sql)));
  const blocks = (await read(heads)).map(({ part, line }) =>
    [line, ...details.filter((detail) => detail.part === part).map((detail) => detail.line)].join(
      '\n',
    ),
  );
  const bodies = (await read(functions)).map(({ line }) => line);
  const text = [...blocks, ...bodies].join('\n\n');
  return `${text.replace(/ +$/gm, '')}\n`;
}
