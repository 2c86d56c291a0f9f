-- What is kept of the ledger outside this database, and what witnesses say of it.

-- Entries below this size are covered by a checkpoint that a gateway keeps in a file of its own:
-- only these may leave, and no later checkpoint is shown to anyone. It only grows.
CREATE TABLE noted (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  size bigint NOT NULL CHECK (size >= 0)
);
INSERT INTO noted (size) SELECT coalesce(max(size), 0) FROM checkpoints;

-- Signature lines of witnesses under our checkpoints (C2SP tlog-cosignature).
CREATE TABLE cosignatures (
  witness text NOT NULL,
  size bigint NOT NULL,
  -- as the witness says
  signed_at timestamptz NOT NULL,
  line text NOT NULL CHECK (octet_length(line) <= 1024),
  client text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (witness, size, signed_at)
);
CREATE INDEX cosignatures_size ON cosignatures (size);

-- Notes that our own key has signed and our tree does not hold. While one of them is not accepted,
-- nothing is taken in and nothing leaves.
CREATE TABLE fork_notes (
  -- of the note's text
  sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
  note text NOT NULL CHECK (octet_length(note) <= 16384),
  -- the client that showed it; null: a gateway that kept it
  client text,
  told_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE forks_accepted (
  sha256 bytea PRIMARY KEY REFERENCES fork_notes,
  accepted_at timestamptz NOT NULL DEFAULT now()
);
