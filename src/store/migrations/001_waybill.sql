-- Everything of the first version. Run by the owner; the gateway's role owns nothing (law 5).

-- Time -> first UUIDv7 of that millisecond (RFC 9562 section 5.7), the bound of a month's partition.
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- The transfer that a leaf speaks of. A leaf is RFC 8785 and none of its values can hold a quote.
CREATE FUNCTION leaf_transfer(leaf bytea) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT substring(encode(leaf, 'escape') FROM '"transfer":"([0-9a-f-]{36})"')::uuid
$$;

CREATE TABLE contract_versions (
  id text PRIMARY KEY,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  registered_at timestamptz NOT NULL DEFAULT now()
);

-- What a key outside the database makes of a fixed label: another key is found out at start-up.
CREATE TABLE key_checks (
  name text PRIMARY KEY,
  made bytea NOT NULL CHECK (octet_length(made) = 32)
);

CREATE TABLE consignee_states (
  consignee text PRIMARY KEY,
  paused_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE clients (
  id text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('emr', 'consignee', 'auditor', 'operator')),
  consignee text CHECK ((role = 'consignee') = (consignee IS NOT NULL)),
  scopes text[] NOT NULL,
  jwks jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

CREATE TABLE assertion_replays (
  issuer text NOT NULL,
  jti_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, jti_hash)
);
CREATE INDEX assertion_replays_expiry ON assertion_replays (expires_at);

-- The EMR's identifier of a person as an HMAC, and the random id that the ledger knows.
CREATE TABLE subjects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  identifier_hmac bytea NOT NULL UNIQUE
);

CREATE TABLE idempotency_keys (
  client text NOT NULL,
  key_hmac bytea NOT NULL,
  request_hmac bytea NOT NULL,
  owner uuid NOT NULL,
  reply bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client, key_hmac)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE transfers (
  id uuid PRIMARY KEY,
  client text NOT NULL,
  consignee text NOT NULL,
  contract text NOT NULL,
  subject uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('accepted', 'ready', 'sending', 'leased', 'delivered',
    'rejected', 'failed', 'cancelled', 'expired', 'withdrawn')),
  released text[] NOT NULL,
  derived text[] NOT NULL,
  withheld jsonb NOT NULL,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  reference bytea,
  reference_hmac bytea,
  -- index of its `released` entry once a signed checkpoint covers it (law 2)
  entry bigint,
  attempts integer NOT NULL DEFAULT 0,
  -- ready: the next attempt; sending, leased: the end of the lease
  due_at timestamptz NOT NULL,
  lease bytea,
  last_outcome text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  settled_at timestamptz,
  purge_at timestamptz,
  purged_at timestamptz,
  CHECK (status = 'accepted' OR entry IS NOT NULL OR status IN ('cancelled', 'withdrawn', 'expired'))
) PARTITION BY RANGE (id);
CREATE INDEX transfers_due ON transfers (consignee, due_at)
  WHERE status IN ('ready', 'sending', 'leased');
CREATE INDEX transfers_waiting ON transfers (expires_at)
  WHERE status IN ('ready', 'sending', 'leased');
CREATE INDEX transfers_purge ON transfers (purge_at)
  WHERE purge_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX transfers_client ON transfers (client, id);
CREATE INDEX transfers_consignee ON transfers (consignee, id);
CREATE INDEX transfers_status ON transfers (status, id);

CREATE TABLE results (
  id uuid PRIMARY KEY,
  transfer uuid NOT NULL,
  consignee text NOT NULL,
  contract text NOT NULL,
  client text NOT NULL,
  status text NOT NULL CHECK (status IN ('accepted', 'ready', 'collected')),
  accepted text[] NOT NULL,
  withheld jsonb NOT NULL,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  entry bigint,
  created_at timestamptz NOT NULL,
  collected_at timestamptz,
  purge_at timestamptz,
  purged_at timestamptz
) PARTITION BY RANGE (id);
CREATE INDEX results_client ON results (client, id);
CREATE INDEX results_consignee ON results (consignee, id);
CREATE INDEX results_transfer ON results (transfer);
CREATE INDEX results_purge ON results (purge_at)
  WHERE purge_at IS NOT NULL AND purged_at IS NULL;

-- The sealed record of a transfer or of a result, by its id. Deleting the row is the purge.
CREATE TABLE payloads (
  id uuid PRIMARY KEY,
  sealed bytea NOT NULL
) PARTITION BY RANGE (id);

-- Ledger entries waiting for a number. A queue of its own: late commits are never skipped.
CREATE TABLE submissions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  owner uuid,
  leaf bytea NOT NULL CHECK (octet_length(leaf) <= 65535),
  detail bytea NOT NULL
);

CREATE TABLE entries (
  index bigint PRIMARY KEY CHECK (index >= 0),
  leaf bytea NOT NULL CHECK (octet_length(leaf) <= 65535),
  detail bytea NOT NULL
) PARTITION BY RANGE (index);
CREATE INDEX entries_transfer ON entries (leaf_transfer(leaf))
  WHERE leaf_transfer(leaf) IS NOT NULL;

-- Complete tiles only (256 hashes), so that this table too is only ever added to.
CREATE TABLE tiles (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  PRIMARY KEY (level, index)
);

CREATE TABLE checkpoints (
  size bigint PRIMARY KEY CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  note text NOT NULL,
  -- Leaf hashes of the entries that this checkpoint is the first to cover. Proofs are made from
  -- these and the tiles, never from the leaves, so that a changed leaf fails alone and is named.
  hashes bytea NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) / 32 <= size),
  signed_at timestamptz NOT NULL DEFAULT now()
);
-- Uncompressed out of line: hashes do not compress, and the end of a batch is read alone.
ALTER TABLE checkpoints ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- One row. Whoever moves `size` from what it read is the sequencer of that batch.
CREATE TABLE tree_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  size bigint NOT NULL,
  -- roots of the perfect subtrees on the right edge, largest first, 32 bytes each
  frontier bytea NOT NULL
);
INSERT INTO tree_head (size, frontier) VALUES (0, '');

-- Months and index ranges are made ahead of time. SECURITY DEFINER: the gateway owns no table.
CREATE FUNCTION ensure_partitions(months_ahead integer DEFAULT 3) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  parent text;
  month timestamptz;
  first timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  span constant bigint := 4194304;
  from_index bigint;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(7240001);
  FOREACH parent IN ARRAY ARRAY['transfers', 'results', 'payloads'] LOOP
    FOR ahead IN -1 .. months_ahead LOOP
      month := (first AT TIME ZONE 'UTC' + make_interval(months => ahead)) AT TIME ZONE 'UTC';
      partition := parent || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM');
      IF to_regclass(format('public.%I', partition)) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
          partition, parent, public.uuid_floor(month),
          public.uuid_floor((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
      END IF;
    END LOOP;
  END LOOP;
  SELECT size / span * span INTO from_index FROM public.tree_head;
  FOR ahead IN 0 .. 1 LOOP
    partition := 'entries_' || (from_index + ahead * span) / span;
    IF to_regclass(format('public.%I', partition)) IS NULL THEN
      EXECUTE format('CREATE TABLE public.%I PARTITION OF public.entries FOR VALUES FROM (%s) TO (%s)',
        partition, from_index + ahead * span, from_index + (ahead + 1) * span);
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION ensure_partitions FROM PUBLIC;
SELECT ensure_partitions();
