-- Reviews: what the ledger says by day, who read about whom, and what the reviewer signed. But for
-- `reviews` all of it is made from the ledger, and can be made from it once more.

-- How far the ledger has been counted: the index of the first entry that has not been.
CREATE TABLE activity_mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  next bigint NOT NULL CHECK (next >= 0)
);
INSERT INTO activity_mark (next) VALUES (0);

-- Entries by the Seoul day that their leaf says. '' stands for what is not known, or is not there.
CREATE TABLE activity_days (
  day date NOT NULL,
  kind text NOT NULL,
  consignee text NOT NULL,
  -- a client, or `client/person`
  who text NOT NULL,
  -- a closed code: why it was refused, what was read, in which format it was exported
  why text NOT NULL,
  off_hours boolean NOT NULL,
  count bigint NOT NULL CHECK (count > 0),
  PRIMARY KEY (day, kind, consignee, who, why, off_hours)
);

-- On which day a consignee was first released an item, or one that was derived for it.
CREATE TABLE activity_items (
  consignee text NOT NULL,
  item text NOT NULL,
  first_on date NOT NULL,
  PRIMARY KEY (consignee, item)
);

-- One row for each entry that says that somebody read: ids and codes only.
CREATE TABLE audit_reads (
  entry bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  who text NOT NULL,
  what text NOT NULL,
  -- the random id of whose records they were; gone with the person
  subject uuid REFERENCES subjects (id) ON DELETE SET NULL,
  found bigint
);
CREATE INDEX audit_reads_at ON audit_reads (at);
CREATE INDEX audit_reads_subject ON audit_reads (subject) WHERE subject IS NOT NULL;

-- The reviews that were signed. A period is signed once.
CREATE TABLE reviews (
  period text PRIMARY KEY,
  -- Seoul days, the last one included
  from_on date NOT NULL,
  to_on date NOT NULL CHECK (to_on >= from_on),
  signed_at timestamptz NOT NULL,
  client text NOT NULL,
  -- the account of whoever signed in, where it was a person
  person text,
  -- RFC 7638 thumbprint of the client's key, and what it signed
  signer text,
  jws text,
  -- SHA-256 of what the reviewer was shown, and how many anomalies it told of
  summary bytea NOT NULL CHECK (octet_length(summary) = 32),
  anomalies integer NOT NULL CHECK (anomalies >= 0),
  -- what was shown, what was found and what was done about it
  sealed bytea NOT NULL,
  CHECK (num_nonnulls(signer, jws) IN (0, 2) AND num_nonnulls(person, signer) > 0)
);
