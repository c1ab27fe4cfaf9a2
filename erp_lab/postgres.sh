#!/usr/bin/env bash
# A private PostgreSQL on loopback for the tests on real accounting systems: Debian's, own folder, own free port.
# usage: postgres.sh start | stop | port | in-memory       (start is repeatable and prints the port)
# in-memory: its files are copied to /dev/shm and used there until that is emptied, where a database is cloned in a
# twentieth of the time that some disks take; what was on the disk is used again then.
# Its folder is postgres/ in KONTOBRO_ERP_HOME (.erp/ of the checkout). Not for books that matter: fsync is off, and
# autovacuum too (its workers would keep a test's database from being dropped).
set -euo pipefail
cd "$(dirname "$0")/.."
HOME_OF_ERPS=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")
CLUSTER=$HOME_OF_ERPS/postgres
BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)

as_owner() {  # PostgreSQL refuses to run as root
  if [ "$(id -u)" = 0 ]; then (cd / && exec setpriv --reuid postgres --regid postgres --clear-groups "$@"); else "$@"; fi
}

need_binaries() {
  [ -n "$BIN" ] && return
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq install --yes --no-install-recommends postgresql >/dev/null
    BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  else
    echo "postgres.sh: PostgreSQL is missing: apt-get install postgresql (as root), then again" >&2
    exit 75
  fi
}

running() { [ -d "$CLUSTER/data" ] && as_owner "$BIN/pg_ctl" -D "$CLUSTER/data" status >/dev/null; }

create() {
  mkdir -p "$CLUSTER"
  [ "$(id -u)" != 0 ] || chown postgres: "$CLUSTER"
  as_owner "$BIN/initdb" -D "$CLUSTER/data" -E UTF8 --locale=C.UTF-8 -A trust -U postgres >/dev/null
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$CLUSTER/port"
  as_owner tee -a "$CLUSTER/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $(cat "$CLUSTER/port")
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
CONF
}

stop() { ! running || as_owner "$BIN/pg_ctl" -D "$CLUSTER/data" -w -m fast stop >/dev/null; }

in_memory() (
  flock 9
  [ -d "$CLUSTER/data" ] && [ ! -L "$CLUSTER/data" ] || exit 0
  memory=/dev/shm/kontobro-erp-$(sha256sum <<<"$CLUSTER" | cut -c1-12)
  spare=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -1 | tr -dc 0-9 || true)
  stop
  rm -rf "$memory"
  needed=$((3000 + $(du -sm "$CLUSTER/data" | cut -f1)))
  if [ "${spare:-0}" -lt "$needed" ] || ! cp -a "$CLUSTER/data" "$memory"; then
    rm -rf "$memory"
    echo "postgres.sh: /dev/shm has no $needed MB to spare: the files stay on the disk" >&2
    exit 0
  fi
  echo "max_wal_size = 256MB" >>"$memory/postgresql.conf"
  mv "$CLUSTER/data" "$CLUSTER/data.disk"
  ln -s "$memory" "$CLUSTER/data"
) 9>"$HOME_OF_ERPS/postgres.lock"

back_to_disk() {  # after the memory was emptied, or the change to it was interrupted
  [ -d "$CLUSTER/data.disk" ] && [ ! -e "$CLUSTER/data" ] || return 0
  # templates that were made in memory are gone: they are made again
  find "$HOME_OF_ERPS" -maxdepth 2 -name '*.made' -newer "$CLUSTER/data.disk/postmaster.opts" -delete
  rm -f "$CLUSTER/data"
  mv "$CLUSTER/data.disk" "$CLUSTER/data"
}

start() {
  need_binaries
  (
    flock 9  # two test runs may start it at once
    back_to_disk
    [ -f "$CLUSTER/data/PG_VERSION" ] || create
    running || as_owner "$BIN/pg_ctl" -D "$CLUSTER/data" -l "$CLUSTER/data/server.log" -w -t 60 start >/dev/null 9>&-
    psql -qAt -h 127.0.0.1 -p "$(cat "$CLUSTER/port")" -U postgres -d postgres <<SQL
select 'create role erp login createdb' where not exists (select from pg_roles where rolname = 'erp') \gexec
SQL
  ) 9>"$HOME_OF_ERPS/postgres.lock"
  cat "$CLUSTER/port"
}

mkdir -p "$HOME_OF_ERPS"
case "${1:-}" in
  start) start ;;
  stop) need_binaries; stop ;;
  in-memory) start >/dev/null; in_memory; start ;;
  port) cat "$CLUSTER/port" ;;
  *) echo "usage: postgres.sh start | stop | port | in-memory" >&2; exit 2 ;;
esac
