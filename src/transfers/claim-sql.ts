/** The one statement that takes waiting transfers: every rule on who may get what, and when. */

/** Rows that are looked at for one consignee before it is given up for this round. */
const lookedAtMax = 256;

/** The same for an inbox: what its other workers lock just now is passed over, 500 each. */
const lookedAtByWorkersMax = 8_192;

/** Tokens of a rate that are kept while nothing is sent, in seconds; one push at least. */
const burstSeconds = 0.25;

/** The last outcome of what waits for its consignee's key. */
export const keylessOutcome = 'no-consignee-key';

/**
 * `$1` consignees, `$2` their free slots, `$3` the state to come, `$4` seconds of their leases,
 * `$5` contracts that this process has, `$6` those of them that are signed, `$7` pushes a second.
 */
// A lease that ended is due again like one that never was: after a crash nothing else is needed.
// A paused consignee has no slots. Each consignee's own index range is read, so that the backlog of
// one costs the others nothing. What was released under a version that another process has brought
// is left to that process: to this one it would look like a transfer without a contract.
// Of who said stop nothing is taken, also what was decided just before and stored just after they
// said it. OFFSET 0 keeps that question one look into an index for each row on the way: as a join
// it would be planned for the whole backlog.
// What was released under a version whose relation has ended is never taken again, however old the
// standing of this process: one look into an index for each consignee.
// Nothing at all is taken for a consignee whose newest version this process could not decide by: it
// would open what waits as if the version before were still in force.
// By array and by row, not as joins: PostgreSQL cannot know how few are picked, and would read all
// transfers and payloads.
//
// A push asks the endpoint, too (an inbox has none). Gone, or asking to be left alone: nothing.
// Open: one probe, of whoever moves probe_at on; it may take what is not due yet, so that a
// consignee all of whose transfers wait for hours is found to be back. Not what waits for a key:
// nothing can be sent, and it would be taken and put back without end. Rated: as many as the time
// since next_at allows (GCRA), counted from what is taken. For both, the row is locked for the time
// of this statement, and its newest version read; a process that finds it locked passes the
// consignee over in this round and waits for nobody.
//
// What may not go (it has expired, or its relation ended and another began) leaves when upkeep gets
// to it. Of each consignee so many rows are looked at, so that a million of these cost the others
// nothing (without it such a round took 9.3 s; with it, as long as any): its own rest waits for
// upkeep. No more of them are read than it takes to fill the slots. Each is found by its id: its
// state, and when it expires, are asked in a way that no index answers, or a plan of a time when
// nothing waited would read all that waits for each of them (a claim out of 15,000 took seconds).
//
// Nothing at all while a note of ours is known that the tree does not hold. Nothing whose
// checkpoint is signed and not kept outside the database yet; what claims an entry that is not
// there goes on, to be found out.
export const claimSql = `
  WITH edge AS MATERIALIZED (
    SELECT noted.size AS noted, tree_head.size AS head FROM noted, tree_head
    WHERE NOT EXISTS (SELECT FROM fork_notes WHERE NOT EXISTS (SELECT FROM forks_accepted
      WHERE forks_accepted.sha256 = fork_notes.sha256))
  ), begun AS (
    SELECT split_part(contract, '.v', 1) AS consignee,
      max(split_part(contract, '.v', 2)::integer) AS version
    FROM contract_steps WHERE step = 'activated' GROUP BY 1
  ), asked AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::integer[], $4::float8[], $7::float8[])
      AS asked (consignee, slots, lease_seconds, per_second)
    WHERE EXISTS (SELECT FROM edge)
      AND NOT EXISTS (SELECT FROM consignee_states WHERE consignee = asked.consignee)
      AND NOT EXISTS (SELECT FROM begun WHERE begun.consignee = asked.consignee
        AND begun.consignee || '.v' || version <> ALL ($6::text[]))
  ), gate AS MATERIALIZED (
    SELECT endpoints.consignee, opened_at IS NOT NULL AS probe, per_second, lease_seconds,
      greatest(next_at, now() - make_interval(secs => greatest(${burstSeconds}, 1 / per_second)))
        AS paced_at
    FROM asked JOIN endpoints USING (consignee)
    WHERE $3 = 'sending' AND (opened_at IS NOT NULL OR per_second IS NOT NULL)
      AND disabled_at IS NULL AND (held_until > now() OR probe_at > now()) IS NOT TRUE
    FOR UPDATE OF endpoints SKIP LOCKED
  ), slot AS MATERIALIZED (
    SELECT asked.consignee, lease_seconds, coalesce(gate.probe, false) AS probe,
      least(CASE WHEN gate.probe THEN 1 ELSE asked.slots END,
        CASE WHEN asked.per_second IS NOT NULL THEN greatest(0, floor(
          extract(epoch FROM now() - paced_at)::float8 * asked.per_second + 0.000001)) END
      )::integer AS slots
    FROM asked LEFT JOIN gate USING (consignee, lease_seconds)
    WHERE gate.consignee IS NOT NULL OR $3 <> 'sending' OR (asked.per_second IS NULL
      AND NOT EXISTS (SELECT FROM endpoints WHERE endpoints.consignee = asked.consignee
        AND (opened_at IS NOT NULL OR disabled_at IS NOT NULL OR held_until > now())))
  ), picked AS (
    SELECT due.id FROM slot,
    LATERAL (
      SELECT max(through) AS through FROM relation_ends
      WHERE relation_ends.consignee = slot.consignee
    ) AS ended,
    LATERAL (
      SELECT taking.id FROM (
        SELECT id FROM transfers
        WHERE transfers.consignee = slot.consignee AND status IN ('ready', 'sending', 'leased')
          AND due_at <= CASE WHEN slot.probe THEN 'infinity' ELSE now() END
        ORDER BY due_at LIMIT slot.slots
          + CASE WHEN $3 = 'leased' THEN ${lookedAtByWorkersMax} ELSE ${lookedAtMax} END
      ) AS head, LATERAL (
        SELECT id FROM transfers
        WHERE transfers.id = head.id AND status || '' IN ('ready', 'sending', 'leased')
          AND (due_at <= now() OR (slot.probe AND status = 'ready'
            AND last_outcome IS DISTINCT FROM '${keylessOutcome}'))
          AND expires_at - now() > interval '0'
          AND NOT (entry >= (SELECT noted FROM edge) AND entry < (SELECT head FROM edge))
          AND (substring(contract FROM '[.]v([0-9]{1,9})$')::integer <= ended.through) IS NOT TRUE
          AND (contract = ANY($5::text[])
            OR NOT EXISTS (SELECT FROM contract_versions WHERE contract_versions.id = contract))
          AND NOT EXISTS (SELECT FROM suspensions WHERE suspensions.subject = transfers.subject
            AND suspensions.consignee IN (transfers.consignee, '*') OFFSET 0)
        FOR UPDATE SKIP LOCKED
      ) AS taking
      LIMIT slot.slots
    ) AS due
  ), taken AS (
    UPDATE transfers SET status = $3, attempts = attempts + 1, lease = uuid_send(gen_random_uuid()),
      due_at = now() + make_interval(secs =>
        (SELECT lease_seconds FROM slot WHERE slot.consignee = transfers.consignee))
    WHERE id = ANY (ARRAY(SELECT picked.id FROM picked))
    RETURNING transfers.*
  ), paced AS (
    UPDATE endpoints SET
      next_at = CASE WHEN per_second IS NULL THEN next_at
        ELSE paced_at + make_interval(secs => count / per_second) END,
      probe_at = CASE WHEN probe THEN now() + make_interval(secs => lease_seconds)
        ELSE probe_at END,
      last_outcome = CASE WHEN probe THEN 'probing' ELSE last_outcome END
    FROM gate JOIN (SELECT consignee, count(*) AS count FROM taken GROUP BY 1) AS sent
      USING (consignee)
    WHERE endpoints.consignee = gate.consignee
  )
  SELECT taken.id, client, taken.consignee, contract, commitment, entry, lease, due_at, attempts,
    attempts - attempts_before AS tries, slot.probe,
    NOT EXISTS (SELECT FROM endpoints WHERE endpoints.consignee = taken.consignee AND failures = 0
      AND opened_at IS NULL AND last_success_at > now() - interval '1 minute') AS tells,
    (SELECT sealed FROM payloads WHERE payloads.id = taken.id) AS sealed
  FROM taken JOIN slot USING (consignee) ORDER BY taken.id`;
