-- What a consignee did not take, newest end first: what operators look at when something is wrong.
-- Few of all transfers; without it the page of a consignee that takes everything reads all of them.
CREATE INDEX transfers_missed ON transfers (consignee, settled_at, id)
  WHERE status IN ('rejected', 'failed', 'expired');
