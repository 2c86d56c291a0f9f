#!/bin/sh
# Starts one of the two servers: with FOLLOW and no data yet as a copy of that one, else as what its
# data say it is. A server that has data is never overwritten: whoever means that removes its volume.
set -eu

umask 077
secret() { cat "/run/secrets/$1"; }

# Written at every start: a standby's own settings name this file for as long as it is one.
export PGPASSFILE=/tmp/waybill.pgpass
printf '*:*:*:waybill_replication:%s\n' "$(secret replication-password)" >"$PGPASSFILE"

if [ -s "$PGDATA/PG_VERSION" ]; then
  echo "waybill: data are there; starting as they say"
elif [ -n "${FOLLOW:-}" ]; then
  # The slot keeps what this server has not read yet; it may be there from an attempt before.
  copy() {
    pg_basebackup --pgdata="$PGDATA" --checkpoint=fast --wal-method=stream \
      --write-recovery-conf --slot="$NODE_NAME" "$@" \
      --dbname="host=$FOLLOW user=waybill_replication application_name=$NODE_NAME"
  }
  until copy --create-slot || copy; do
    echo "waybill: $FOLLOW cannot be copied yet"
    rm -rf "$PGDATA"
    sleep 2
  done
else
  pwfile=$(mktemp)
  secret postgres-password >"$pwfile"
  initdb --pgdata="$PGDATA" --username=postgres --pwfile="$pwfile" --encoding=UTF8 --locale=C \
    --auth=scram-sha-256 --data-checksums
  rm -f "$pwfile"
  # First match wins. The probe asks whether this is the primary, and can do nothing else.
  {
    echo 'local all all scram-sha-256'
    echo 'host postgres waybill_probe samenet trust'
    echo 'host replication waybill_replication samenet scram-sha-256'
    echo 'host all waybill_probe all reject'
    echo 'host all all samenet scram-sha-256'
    echo 'host all all 127.0.0.1/32 scram-sha-256'
  } >"$PGDATA/pg_hba.conf"
  # Single-user: nobody can connect before the passwords are set. One statement a line.
  postgres --single -D "$PGDATA" postgres >/dev/null <<SQL
CREATE ROLE waybill_owner LOGIN PASSWORD '$(secret owner-password)'
CREATE ROLE waybill_gateway LOGIN PASSWORD '$(secret gateway-password)'
CREATE ROLE waybill_replication LOGIN REPLICATION PASSWORD '$(secret replication-password)'
CREATE ROLE waybill_probe LOGIN CONNECTION LIMIT 8
REVOKE ALL ON DATABASE template1 FROM PUBLIC
REVOKE ALL ON DATABASE postgres FROM PUBLIC
GRANT CONNECT ON DATABASE postgres TO waybill_probe
CREATE DATABASE waybill OWNER waybill_owner
REVOKE ALL ON DATABASE waybill FROM PUBLIC
GRANT CONNECT ON DATABASE waybill TO waybill_gateway
ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ($STANDBY_NAME)'
SQL
fi

exec postgres -D "$PGDATA" -c config_file="$PGDATA/postgresql.conf" \
  -c listen_addresses='*' -c fsync=on -c full_page_writes=on -c synchronous_commit=on \
  -c wal_compression=on -c max_wal_size=4GB -c max_slot_wal_keep_size=64GB \
  -c max_connections=200 -c timezone=UTC -c password_encryption=scram-sha-256 \
  -c log_min_error_statement=panic -c log_error_verbosity=terse -c log_parameter_max_length=0 \
  -c log_parameter_max_length_on_error=0
