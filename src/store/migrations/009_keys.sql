-- Keys have a life. Which of them count is said here; the keys themselves are never in the database.
CREATE TABLE keys (
  name text NOT NULL CHECK (name IN ('sealing', 'hmac', 'ledger', 'token')),
  -- tells it from the others and gives nothing of it away
  id text NOT NULL CHECK (id ~ '^[\x21-\x7e]{1,64}$'),
  -- of the ledger's, the verifier key
  public text,
  -- owner of the submission that records its beginning, and the index of that entry
  change uuid NOT NULL DEFAULT gen_random_uuid(),
  entry bigint,
  added_at timestamptz NOT NULL DEFAULT now(),
  began_at timestamptz,
  ended_at timestamptz,
  retired_at timestamptz,
  PRIMARY KEY (name, id),
  CHECK (began_at IS NOT NULL OR ended_at IS NULL)
);
-- One is current, and one at most is the next.
CREATE UNIQUE INDEX keys_current ON keys (name) WHERE began_at IS NOT NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX keys_next ON keys (name) WHERE began_at IS NULL AND retired_at IS NULL;

-- The processes that run, and the keys that each holds and works with, as `hmac:1f2e3d4c`.
CREATE TABLE processes (
  id uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now(),
  held text[] NOT NULL,
  working text[] NOT NULL
);

-- The HMAC key under which a person is found; null: the first one.
ALTER TABLE subjects ADD COLUMN hmac_key text;

-- True when no other HMAC key is current, and then none becomes so before the caller's transaction
-- has ended. VOLATILE: its statements see what was committed while the lock was waited for, which
-- the caller's own statement does not.
CREATE FUNCTION hold_hmac_key(wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7240010);
  RETURN NOT EXISTS (SELECT FROM keys
    WHERE name = 'hmac' AND began_at IS NOT NULL AND ended_at IS NULL AND id <> wanted);
END $$;
REVOKE ALL ON FUNCTION hold_hmac_key FROM PUBLIC;
