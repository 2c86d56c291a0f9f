/** What somebody with the owner's rights in PostgreSQL could change to misdirect what leaves. */

export interface Tampering {
  name: string;
  /** `$1` is the transfer, `$2` another one of the same consignee. */
  sql: string;
}

/** @param elsewhere another consignee, whose contract is in force and lists the same items */
export function tamperings(elsewhere: string): Tampering[] {
  return [
    {
      name: 'its payload was swapped with that of another transfer',
      sql: `UPDATE payloads p SET sealed = q.sealed FROM payloads q
            WHERE p.id IN ($1, $2) AND q.id IN ($1, $2) AND p.id <> q.id`,
    },
    {
      name: 'payload and commitment are those of another transfer',
      sql: `WITH other AS (UPDATE transfers t SET commitment = o.commitment FROM transfers o
              WHERE t.id = $1 AND o.id = $2)
            UPDATE payloads p SET sealed = q.sealed FROM payloads q
            WHERE p.id = $1 AND q.id = $2`,
    },
    {
      name: 'its consignee is another one',
      sql: `UPDATE transfers SET consignee = '${elsewhere}' WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'consignee and contract are those of another one',
      sql: `UPDATE transfers SET consignee = '${elsewhere}', contract = '${elsewhere}.v1'
            WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'its contract is that of another consignee',
      sql: `UPDATE transfers SET contract = '${elsewhere}.v1' WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'its contract is none that was ever registered',
      sql: `UPDATE transfers SET contract = 'nobody.v9' WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'its commitment is another',
      sql: `UPDATE transfers SET commitment = sha256('another') WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'one bit of its sealed payload was flipped',
      sql: `UPDATE payloads SET sealed = set_byte(sealed, 100, get_byte(sealed, 100) # 1)
            WHERE id = $1 AND id <> $2`,
    },
    {
      name: 'its payload is gone',
      sql: 'DELETE FROM payloads WHERE id = $1 AND id <> $2',
    },
    {
      name: 'its leaf says another year and the same otherwise',
      sql: `UPDATE entries SET leaf = set_byte(leaf, 7, get_byte(leaf, 7) # 1)
            WHERE index = (SELECT entry FROM transfers WHERE id = $1 AND id <> $2)`,
    },
    {
      name: 'its leaf is that of another transfer',
      sql: `UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE index =
              (SELECT entry FROM transfers WHERE id = $2))
            WHERE index = (SELECT entry FROM transfers WHERE id = $1)`,
    },
    {
      name: 'its leaf is no JSON',
      sql: `UPDATE entries SET leaf = 'nothing'
            WHERE index = (SELECT entry FROM transfers WHERE id = $1 AND id <> $2)`,
    },
    {
      name: 'its entry is that of another transfer',
      sql: `UPDATE transfers SET entry = (SELECT entry FROM transfers WHERE id = $2)
            WHERE id = $1`,
    },
    {
      name: 'its entry lies beyond the ledger',
      sql: 'UPDATE transfers SET entry = 1000000 WHERE id = $1 AND id <> $2',
    },
  ];
}
