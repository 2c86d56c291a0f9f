-- Exchange: how consignees are reached, what is told to whom, and what comes back.

-- How the endpoint of a consignee does, the same for all processes. No row: nothing against it.
CREATE TABLE endpoints (
  consignee text PRIMARY KEY,
  -- failures in a row; past the consignee's threshold its breaker is open
  failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  opened_at timestamptz,
  -- open: from when one probe may go; whoever takes the probe moves it on
  probe_at timestamptz,
  -- it asked to be left alone until then (429 and 503 with Retry-After)
  held_until timestamptz,
  -- it answered 410: nothing is sent until an operator goes on
  disabled_at timestamptz,
  -- its rate: when the next push may begin
  next_at timestamptz,
  last_outcome text,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  CHECK ((opened_at IS NULL) = (probe_at IS NULL))
);

-- When a consignee last asked for its inbox.
CREATE TABLE check_ins (
  consignee text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- Conditions that hold now: a row comes and goes with its condition, whoever sees it first.
CREATE TABLE alerts (
  name text NOT NULL,
  -- a consignee, or '' where it is about the gateway
  about text NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, about)
);

-- What subscribers are yet to be told: ids and codes only.
CREATE TABLE events (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  client text NOT NULL,
  type text NOT NULL,
  -- a transfer, or an alert: what happened to one thing is told in its order
  about text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  -- the next attempt, or the end of a lease; null: told, given up, or left to who asks
  due_at timestamptz DEFAULT now(),
  lease bytea,
  last_outcome text,
  ended_at timestamptz,
  CHECK ((due_at IS NULL) = (ended_at IS NOT NULL))
);
CREATE INDEX events_due ON events (client, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX events_about ON events (client, about, id) WHERE due_at IS NOT NULL;
CREATE INDEX events_client ON events (client, id);
CREATE INDEX events_told ON events (ended_at)
  WHERE ended_at IS NOT NULL AND (last_outcome IS NULL OR last_outcome LIKE 'http-2%');

-- What a consignee signed on taking a transfer: transfer, commitment and time, by its own key.
CREATE TABLE receipts (
  transfer uuid NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  -- RFC 7638 thumbprint of the consignee's key
  signer text NOT NULL,
  signed_at timestamptz NOT NULL,
  jws text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (transfer, digest)
);

-- The first transfer that this one corrects, and the upload that it came with.
ALTER TABLE transfers ADD COLUMN replaces uuid;
ALTER TABLE transfers ADD COLUMN batch uuid;
CREATE INDEX transfers_replaces ON transfers (replaces) WHERE replaces IS NOT NULL;

-- Delivered again: when its consignee first took it over, whatever has become of it since, and the
-- attempts that were made before it came to wait again, from which its retries are counted.
ALTER TABLE transfers ADD COLUMN taken_at timestamptz;
ALTER TABLE transfers ADD COLUMN attempts_before integer NOT NULL DEFAULT 0;
-- What a consignee took, or missed, since a time.
CREATE INDEX transfers_settled ON transfers (consignee, settled_at) WHERE settled_at IS NOT NULL;

-- Versions of a transfer's result, in the order in which they came.
ALTER TABLE results ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE results ADD COLUMN replaces uuid;
-- what the consignee calls it: `final`, `corrected`, `in-transit`
ALTER TABLE results ADD COLUMN reported text;
ALTER TABLE results ADD COLUMN reported_at timestamptz;
-- keyed fingerprints of what it says and of its tracking number: the same again is found so
ALTER TABLE results ADD COLUMN statement_hmac bytea;
ALTER TABLE results ADD COLUMN parcel_hmac bytea;
-- matched by hand, and taken back
ALTER TABLE results ADD COLUMN retracted_at timestamptz;

-- Results whose transfer their consignee cannot name; the content is in payloads, under this id.
CREATE TABLE quarantined_results (
  id uuid PRIMARY KEY,
  consignee text NOT NULL,
  contract text NOT NULL,
  accepted text[] NOT NULL,
  withheld jsonb NOT NULL,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  created_at timestamptz NOT NULL,
  -- what it was matched to, for as long as it is
  result uuid,
  transfer uuid,
  matched_at timestamptz,
  purge_at timestamptz NOT NULL,
  purged_at timestamptz,
  CHECK (num_nonnulls(result, transfer, matched_at) IN (0, 3))
);
CREATE INDEX quarantined_results_open ON quarantined_results (id) WHERE purged_at IS NULL;
CREATE INDEX quarantined_results_matched ON quarantined_results (result) WHERE result IS NOT NULL;
CREATE INDEX quarantined_results_purge ON quarantined_results (purge_at) WHERE purged_at IS NULL;

-- Files that come with results, sealed piece by piece. Deleting the pieces is the purge.
CREATE TABLE attachments (
  id uuid PRIMARY KEY,
  consignee text NOT NULL,
  transfer uuid NOT NULL,
  media_type text NOT NULL,
  -- null until the last piece is here
  bytes bigint CHECK (bytes > 0),
  sha256 bytea CHECK (octet_length(sha256) = 32),
  result uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  purged_at timestamptz,
  CHECK ((bytes IS NULL) = (sha256 IS NULL))
);
CREATE INDEX attachments_result ON attachments (result) WHERE result IS NOT NULL;
CREATE INDEX attachments_unused ON attachments (created_at) WHERE result IS NULL;
CREATE TABLE attachment_pieces (
  attachment uuid NOT NULL,
  number integer NOT NULL CHECK (number >= 0),
  sealed bytea NOT NULL,
  PRIMARY KEY (attachment, number)
);
ALTER TABLE attachment_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Versions that were in force and are not signed any more: a row comes and goes with the condition,
-- so that its coming and its going are one entry each, whoever sees them first.
CREATE TABLE lost_signatures (
  contract text PRIMARY KEY REFERENCES contract_versions (id),
  seen_at timestamptz NOT NULL DEFAULT now()
);
