-- Search that stays fast. What can be asked of a transfer for good (whose, to whom, under what, what
-- was released and withheld) takes few different forms: its *class*. A search picks the classes
-- that fit and merges their transfers; only `status` changes, and stands in an index of its own.

-- A class as a sorted list of facts, such as `consignee=samkwang`, `released=name` (as submitted or
-- derived) and `withheld=address NOT_IN_CONTRACT`. How often an unknown item came is no part of it,
-- so that an EMR that sends other unknown keys every day makes no new class.
CREATE TABLE transfer_classes (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- of the facts, one a line, in UTF-8
  digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
  facts text[] NOT NULL
);
CREATE INDEX transfer_classes_facts ON transfer_classes USING gin (facts);

-- In which months there are, or once were, transfers of a class: `any`, or those that ended so.
-- Never less than there are: whoever adds or ends one sees to it in the same transaction. Not
-- unique, so that nobody waits for another's first; a row that is there twice does no harm.
CREATE TABLE class_months (
  class integer NOT NULL,
  -- its first day in UTC
  month date NOT NULL,
  state text NOT NULL CHECK (state IN ('any', 'delivered', 'rejected', 'failed', 'cancelled',
    'expired', 'withdrawn'))
);
CREATE INDEX class_months_class ON class_months (class, state, month);

-- The month of a UUIDv7 (RFC 9562 section 5.7), as its first day in UTC; of any other UUID, what its
-- first 48 bits say. Not STRICT, so that it is inlined.
CREATE FUNCTION uuid_month(id uuid) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT date_trunc('month', CASE WHEN uuid_extract_version(id) = 7
    THEN uuid_extract_timestamp(id)
    ELSE to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
    END AT TIME ZONE 'UTC')::date
$$;

-- The facts of a class; `src/transfers/class.ts` makes the same.
CREATE FUNCTION transfer_facts(client text, consignee text, contract text, released text[],
  derived text[], withheld jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT fact COLLATE "C" ORDER BY fact COLLATE "C") FROM (
    SELECT unnest(ARRAY['client=' || $1, 'consignee=' || $2, 'contract=' || $3])
    UNION ALL SELECT 'released=' || item FROM unnest($4 || $5) AS item
    UNION ALL SELECT 'derived=' || item FROM unnest($5) AS item
    UNION ALL SELECT unnest(ARRAY['reason=' || reason, 'withheld=' || item,
      'withheld=' || item || ' ' || reason])
      FROM jsonb_to_recordset($6) AS kept (item text, reason text)
  ) AS found (fact)
$$;

-- The class of such a transfer, made where there is none.
CREATE FUNCTION transfer_class(client text, consignee text, contract text, released text[],
  derived text[], withheld jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  these text[] := transfer_facts($1, $2, $3, $4, $5, $6);
  made bytea := sha256(convert_to(array_to_string(these, E'\n'), 'UTF8'));
  known integer;
BEGIN
  LOOP
    SELECT id INTO known FROM transfer_classes WHERE digest = made;
    IF known IS NOT NULL THEN RETURN known; END IF;
    INSERT INTO transfer_classes (digest, facts) VALUES (made, these) ON CONFLICT DO NOTHING;
  END LOOP;
END $$;

ALTER TABLE transfers ADD COLUMN class integer;
WITH shapes AS MATERIALIZED (
  SELECT DISTINCT client, consignee, contract, released, derived, withheld FROM transfers
), classed AS MATERIALIZED (
  SELECT *, transfer_class(client, consignee, contract, released, derived, withheld) AS made
  FROM shapes
)
UPDATE transfers SET class = made FROM classed
WHERE transfers.client = classed.client AND transfers.consignee = classed.consignee
  AND transfers.contract = classed.contract AND transfers.released = classed.released
  AND transfers.derived = classed.derived AND transfers.withheld = classed.withheld;
ALTER TABLE transfers ALTER COLUMN class SET NOT NULL;
INSERT INTO class_months (class, month, state)
SELECT DISTINCT class, uuid_month(id), 'any' FROM transfers
UNION SELECT DISTINCT class, uuid_month(id), status FROM transfers
WHERE status NOT IN ('accepted', 'ready', 'sending', 'leased');

CREATE INDEX transfers_class ON transfers (class, id);
-- All but those that pass in moments: these are few, and a transfer enters here twice and not four
-- times in its life.
CREATE INDEX transfers_class_status ON transfers (class, status, id)
  WHERE status IN ('ready', 'leased', 'delivered', 'rejected', 'failed', 'cancelled', 'expired',
    'withdrawn');

-- Whoever adds a transfer without a class, or with one that is not known (any more), gets it here.
CREATE FUNCTION set_class() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.class := transfer_class(NEW.client, NEW.consignee, NEW.contract, NEW.released, NEW.derived,
    NEW.withheld);
  RETURN NEW;
END $$;
CREATE TRIGGER transfers_set_class BEFORE INSERT ON transfers
  FOR EACH ROW WHEN (NEW.class IS NULL) EXECUTE FUNCTION set_class();

-- One statement for all that were added.
CREATE FUNCTION note_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO class_months (class, month, state)
  SELECT class, month, one.state
  FROM (SELECT DISTINCT class, uuid_month(id) AS month, status FROM added) AS seen,
    unnest(CASE WHEN status IN ('accepted', 'ready', 'sending', 'leased') THEN ARRAY['any']
      ELSE ARRAY['any', status] END) AS one (state)
  WHERE NOT EXISTS (SELECT FROM class_months AS known WHERE known.class = seen.class
    AND known.state = one.state AND known.month = seen.month);
  RETURN NULL;
END $$;
CREATE TRIGGER transfers_note_added AFTER INSERT ON transfers
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_added();

-- Once in a transfer's life, or again when it was delivered again. By row and not by statement, so
-- that claims and attempts, which move it too, cost nothing.
CREATE FUNCTION note_ended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ended date := uuid_month(NEW.id);
BEGIN
  IF NOT EXISTS (SELECT FROM class_months
      WHERE class = NEW.class AND state = NEW.status AND month = ended) THEN
    INSERT INTO class_months (class, month, state) VALUES (NEW.class, ended, NEW.status);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER transfers_note_ended AFTER UPDATE OF status ON transfers FOR EACH ROW
  WHEN (NEW.status IS DISTINCT FROM OLD.status
    AND NEW.status NOT IN ('accepted', 'ready', 'sending', 'leased'))
  EXECUTE FUNCTION note_ended();
