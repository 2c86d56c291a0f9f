-- An older row of an account that somebody put back is found out by the ledger: each change has a
-- number, which the row carries beneath its seal, and the entry in its sealed detail.

-- Null: nothing was changed since there are numbers.
ALTER TABLE clients ADD COLUMN change bigint CHECK (change > 0);
ALTER TABLE staff ADD COLUMN change bigint CHECK (change > 0);

-- Whether a leaf says that something was granted, changed or revoked: all changes of accounts, and
-- few others. By its end, which costs least: a leaf is RFC 8785, and these speak of no transfer.
CREATE FUNCTION leaf_accounts(leaf bytea) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT substr(leaf, octet_length(leaf) - 31) IN ('-granted","transfer":null,"v":1}',
    '-changed","transfer":null,"v":1}', '-revoked","transfer":null,"v":1}')
$$;
CREATE INDEX entries_accounts ON entries (index) WHERE leaf_accounts(leaf);
