#!/bin/sh
# Runs one `waybill` command. The URLs of the database hold passwords: they come from files, so that
# they stand neither in the image nor in what `docker inspect` shows.
set -eu

if [ -n "${DATABASE_URL_FILE:-}" ]; then
  DATABASE_URL=$(cat "$DATABASE_URL_FILE")
  export DATABASE_URL
fi
if [ -n "${MIGRATION_DATABASE_URL_FILE:-}" ]; then
  MIGRATION_DATABASE_URL=$(cat "$MIGRATION_DATABASE_URL_FILE")
  export MIGRATION_DATABASE_URL
fi

# In place of this shell: SIGTERM reaches the gateway, which then takes no more and ends what it has.
exec node /app/src/bin/waybill.js "$@"
