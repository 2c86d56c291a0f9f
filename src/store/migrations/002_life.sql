-- The life of contracts after their registration, of relations that ended, of people who said stop.

-- One row for each step that a version has taken, so that each becomes one entry, whoever sees it
-- first. `on_date` is the Seoul day from which the step holds.
CREATE TABLE contract_steps (
  contract text NOT NULL REFERENCES contract_versions (id),
  step text NOT NULL CHECK (step IN ('signed', 'noticed', 'activated', 'superseded', 'ended')),
  on_date date NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (contract, step)
);

-- The relation ended, by an operator or with its last version's last day: no version up to `through`
-- is ever in force again, and nothing that was released under one of them goes out any more.
CREATE TABLE relation_ends (
  consignee text NOT NULL,
  through integer NOT NULL CHECK (through > 0),
  on_date date NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consignee, through)
);

-- What a consignee had received is to be destroyed; open until its certificate is here.
CREATE TABLE destruction_orders (
  id uuid PRIMARY KEY,
  consignee text NOT NULL,
  -- the version that decided last
  contract text NOT NULL REFERENCES contract_versions (id),
  -- every version under which something was received since the relation began
  contracts text[] NOT NULL CHECK (contract = ANY (contracts)),
  ended_on date NOT NULL,
  due_on date NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  -- what was received, counted for the last time and kept when the certificate comes
  received jsonb,
  certified_at timestamptz,
  file_sha256 bytea CHECK (octet_length(file_sha256) = 32),
  method text,
  destroyed_on date,
  signature text,
  -- RFC 7638 thumbprint of the consignee's key
  signer text,
  UNIQUE (contract),
  CHECK (num_nonnulls(received, certified_at, file_sha256, method, destroyed_on, signature, signer)
    IN (0, 7))
);
CREATE INDEX destruction_orders_consignee ON destruction_orders (consignee, id);

-- Who said stop, by the random id that the ledger knows; consignee `*`: to all of them.
CREATE TABLE suspensions (
  subject uuid NOT NULL,
  consignee text NOT NULL,
  suspended_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, consignee)
);

CREATE INDEX transfers_subject ON transfers (subject, id);

-- Payloads that nobody took over and that are still kept: destroyed at once when their relation
-- ends. Few at any time.
CREATE INDEX transfers_untaken ON transfers (contract)
  WHERE status IN ('rejected', 'failed', 'cancelled', 'expired', 'withdrawn') AND purged_at IS NULL;
