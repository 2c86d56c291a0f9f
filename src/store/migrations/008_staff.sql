-- Who may act: machine clients and people, each row sealed by a key outside the database, so that
-- one that a hand in the database wrote or changed counts for nothing.
ALTER TABLE clients ADD COLUMN mac bytea CHECK (octet_length(mac) = 32);

-- One account a person. `mac` covers everything by which a person gets in.
CREATE TABLE staff (
  id text PRIMARY KEY,
  roles text[] NOT NULL CHECK (cardinality(roles) > 0
    AND roles <@ ARRAY['auditor', 'privacy-officer', 'operator']),
  -- sealed: how colleagues know whose account it is; never in the ledger
  display_name bytea,
  password text,
  -- sealed
  totp bytea,
  -- SHA-256 of what the person begins with, once; and until when
  enrolment bytea CHECK (octet_length(enrolment) = 32),
  enrolment_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  mac bytea NOT NULL CHECK (octet_length(mac) = 32),
  -- what sign-ins leave behind: wrong ones in a row, how often that locked it, the last step used
  failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  locks integer NOT NULL DEFAULT 0 CHECK (locks >= 0),
  locked_until timestamptz,
  totp_step bigint,
  signed_in_at timestamptz,
  CHECK ((enrolment IS NULL) = (enrolment_until IS NULL)),
  CHECK ((password IS NULL) = (totp IS NULL))
);
CREATE UNIQUE INDEX staff_enrolment ON staff (enrolment) WHERE enrolment IS NOT NULL;

-- What the sign-in of people keeps between requests, the same for all processes: sessions, and for
-- minutes codes and half-made sign-ins. Found by hash, sealed, useless to who reads the table.
CREATE TABLE sign_ins (
  model text NOT NULL,
  id bytea NOT NULL CHECK (octet_length(id) = 32),
  sealed bytea NOT NULL,
  -- of a session: what its tokens name, and whose it is once somebody has signed in
  uid text,
  staff text,
  grant_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  PRIMARY KEY (model, id)
);
CREATE INDEX sign_ins_uid ON sign_ins (uid) WHERE uid IS NOT NULL;
CREATE INDEX sign_ins_staff ON sign_ins (staff) WHERE staff IS NOT NULL;
CREATE INDEX sign_ins_grant ON sign_ins (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX sign_ins_end ON sign_ins (expires_at);

-- Every grant, change and revocation, in the transaction that made it; the reasons stand in the
-- sealed details of the ledger. Only ever added to.
CREATE TABLE access_changes (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  kind text NOT NULL,
  -- of whom: a client, or a person's account
  client text,
  staff text,
  -- roles and scopes from then on; `outcome`: what kind of change
  content jsonb NOT NULL,
  by_client text,
  by_person text,
  at timestamptz NOT NULL,
  CHECK (num_nonnulls(client, staff) = 1)
);
CREATE INDEX access_changes_client ON access_changes (client, id) WHERE client IS NOT NULL;
CREATE INDEX access_changes_staff ON access_changes (staff, id) WHERE staff IS NOT NULL;
