/** What a sign-in keeps between requests: sealed rows, found by hash, for all processes. */
import { errors, type Adapter } from 'oidc-provider';
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import { goesOn, type SessionLimits } from '#src/access/staff-sessions.ts';
import type { RowSealer } from '#src/access/staff-rows.ts';
import type { Queryable } from '#src/store/pool.ts';

export interface SignInStoreDeps {
  db: Queryable;
  sealer: RowSealer;
  limits: SessionLimits;
}

interface StoredRow {
  id: Buffer;
  sealed: Buffer;
  consumedAt: Date | null;
}

type Store = Required<Adapter>;

/** Read as it was written by the same server, whose shapes are its own. */
type Payload = Record<string, unknown>;

/**
 * The storage of one model of the provider's. Who reads the table learns no id that would let them
 * in, and what they write there or move to another row does not open.
 */
export function signInStore({ db, sealer, limits }: SignInStoreDeps, model: string): Store {
  const idOf = (id: string) => sha256(Buffer.from(`${model} ${id}`, 'utf8'));
  const aadOf = (id: Buffer) =>
    canonicalBytes({ use: 'waybill/sign-in', model, id: id.toString('base64') });
  const lives = model === 'Session' ? goesOn('$2::integer', '$3::integer') : 'expires_at > now()';
  const limitValues = model === 'Session' ? [limits.idleSeconds, limits.absoluteSeconds] : [];

  async function read(where: 'id' | 'uid', value: Buffer | string): Promise<Payload | undefined> {
    const { rows } = await db.query<StoredRow>(
      `SELECT id, sealed, consumed_at AS "consumedAt" FROM sign_ins
       WHERE ${where} = $1 AND model = '${model}' AND ${lives}`,
      [value, ...limitValues],
    );
    const [row] = rows;
    if (!row) return undefined;
    const payload = opened(row);
    return payload && (row.consumedAt ? { ...payload, consumed: true } : payload);
  }

  function opened({ id, sealed }: StoredRow): Payload | undefined {
    try {
      return JSON.parse(sealer.open(sealed, aadOf(id)).toString('utf8')) as Payload;
    } catch {
      return undefined;
    }
  }

  return {
    find: (id) => read('id', idOf(id)),
    findByUid: (uid) => read('uid', uid),
    async upsert(id, payload, expiresIn) {
      const key = idOf(id);
      const sealed = sealer.seal(Buffer.from(JSON.stringify(payload), 'utf8'), aadOf(key));
      await db.query(
        `INSERT INTO sign_ins (model, id, sealed, uid, staff, grant_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
         ON CONFLICT (model, id) DO UPDATE SET sealed = excluded.sealed, uid = excluded.uid,
           staff = excluded.staff, grant_id = excluded.grant_id, seen_at = now()`,
        [
          ...[model, key, sealed, textOr(payload['uid']), textOr(payload['accountId'])],
          ...[textOr(payload['grantId']), expiresIn],
        ],
      );
    },
    async destroy(id) {
      await db.query('DELETE FROM sign_ins WHERE model = $1 AND id = $2', [model, idOf(id)]);
    },
    /** Once, whoever asks at the same time. */
    async consume(id) {
      const { rowCount } = await db.query(
        `UPDATE sign_ins SET consumed_at = now()
         WHERE model = $1 AND id = $2 AND consumed_at IS NULL`,
        [model, idOf(id)],
      );
      if (rowCount === 0) throw new errors.InvalidGrant('the code was used before');
    },
    /** Of a code that came twice everything is taken back that can be. */
    async revokeByGrantId(grantId) {
      await db.query(`DELETE FROM sign_ins WHERE grant_id = $1 OR (model = 'Grant' AND id = $2)`, [
        grantId,
        sha256(Buffer.from(`Grant ${grantId}`, 'utf8')),
      ]);
    },
  };
}

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);
