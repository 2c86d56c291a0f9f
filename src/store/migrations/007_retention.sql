-- Retention: every copy has its end, one person can be destroyed, old parts go to archives.

-- What the details that speak of a person are sealed with beneath the sealing key: with the row it
-- is gone, from every entry, every archive and every later dump. 244 random bits, hashed.
ALTER TABLE subjects ADD COLUMN key bytea NOT NULL
  DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
  CHECK (octet_length(key) = 32);

-- Whose it is, where no transfer's row says so: of an entry without a transfer, by a random id in
-- its detail; of a transfer whose month was archived, by the transfer's id.
CREATE TABLE subject_links (
  id uuid PRIMARY KEY,
  subject uuid NOT NULL REFERENCES subjects (id) ON DELETE CASCADE,
  of_transfer boolean NOT NULL DEFAULT false
);
CREATE INDEX subject_links_subject ON subject_links (subject);

-- Null: its person was destroyed.
ALTER TABLE transfers ALTER COLUMN subject DROP NOT NULL;
ALTER TABLE suspensions ADD FOREIGN KEY (subject) REFERENCES subjects (id) ON DELETE CASCADE;

-- The sealed replies about a transfer or a result.
CREATE INDEX idempotency_keys_owner ON idempotency_keys (owner);

-- Partitions that went to a file: detached, and later dropped. Written by the owner only.
CREATE TABLE archives (
  -- the partition's
  name text PRIMARY KEY,
  what text NOT NULL CHECK (what IN ('transfers', 'results', 'payloads', 'entries')),
  -- entries: from index (inclusive) to index (exclusive)
  from_index bigint,
  to_index bigint,
  -- the others: the month, as its first day in UTC
  month date,
  rows bigint NOT NULL CHECK (rows >= 0),
  -- of the manifest that lists the files
  manifest_sha256 bytea NOT NULL CHECK (octet_length(manifest_sha256) = 32),
  archived_at timestamptz NOT NULL DEFAULT now(),
  dropped_at timestamptz,
  CHECK ((what = 'entries') = (from_index IS NOT NULL AND to_index IS NOT NULL)),
  CHECK ((what = 'entries') = (month IS NULL))
);
