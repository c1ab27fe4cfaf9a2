#!/usr/bin/env bash
# Real Tryton for the tests, from PyPI only: 8.2, or 7.0 (its oldest series with long support) with TRYTON_SERIES=7.0.
# About 80 s each, and nothing the second time.
#   Its code: requirements/tryton*.txt, pinned with hashes, in a virtual environment of its own (it is GPL: never a part of ours).
#   Its database: postgres.sh, with one template that tests clone: a Danish company over Tryton's own small chart.
#   PostgreSQL and not SQLite: on SQLite, Tryton 8.2 posts entries that do not balance.
# Everything goes to tryton/ or tryton-7.0/ in KONTOBRO_ERP_HOME (.erp/ of the checkout). Exits 75 when it can't be had here.
# usage: tryton.sh [install | version]
set -euo pipefail
cd "$(dirname "$0")/.."
PROJECT=$PWD
HOME_OF_ERPS=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")
case "${TRYTON_SERIES:-8.2}" in
  8.2) SUFFIX="" ;;
  7.0) SUFFIX="-7.0" ;;
  *) echo "tryton.sh: TRYTON_SERIES is 8.2 or 7.0, not $TRYTON_SERIES" >&2; exit 2 ;;
esac
REQUIREMENTS=$PROJECT/requirements/tryton$SUFFIX.txt
TRYTON=$HOME_OF_ERPS/tryton$SUFFIX
KEYS=$HOME_OF_ERPS/tryton/keys
TEMPLATE=kontobro_tryton_template$(tr .- __ <<<"$SUFFIX")
MODULES="account account_invoice analytic_account analytic_invoice"

python_side() {
  cmp -s "$REQUIREMENTS" "$TRYTON/venv/requirements.txt" && return
  rm -rf "$TRYTON/venv"
  python3 -m venv "$TRYTON/venv"
  "$TRYTON/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$REQUIREMENTS" ||
    { echo "tryton.sh: Tryton can't be had from PyPI today" >&2; exit 75; }
  cp "$REQUIREMENTS" "$TRYTON/venv/requirements.txt"
}

configure() {
  mkdir -p "$TRYTON/files"
  cat >"$TRYTON/trytond.conf" <<CONF
[database]
uri = postgresql://erp@127.0.0.1:$1/
path = $TRYTON/files
list = False
[attachment]
filestore = False
CONF
}

passwords() {  # they open nothing but databases cloned from the template, on loopback
  mkdir -p -m 700 "$KEYS"
  for name in admin accountant bookkeeper stranger; do
    [ -s "$KEYS/$name" ] || (umask 077 && python3 -c 'import secrets; print(secrets.token_urlsafe(18), end="")' >"$KEYS/$name")
  done
}

template() {
  local port made
  port=$("$PROJECT/erp_lab/postgres.sh" start)
  configure "$port"
  passwords
  made=$(cat "$PROJECT/erp_lab/templates/tryton.py" "$TRYTON/venv/requirements.txt" "$KEYS"/* | sha256sum)
  psql() { command psql -qAt -h 127.0.0.1 -p "$port" -U erp -d postgres -c "$1"; }
  if [ "$(cat "$TRYTON/template.made" 2>/dev/null)" = "$made" ] &&
    [ -n "$(psql "select 1 from pg_database where datname = '$TEMPLATE'")" ]; then return; fi
  psql "drop database if exists ${TEMPLATE}_new"
  psql "create database ${TEMPLATE}_new template template0"
  # shellcheck disable=SC2086
  (cd "$TRYTON" && TRYTONPASSFILE=$KEYS/admin timeout 600 venv/bin/trytond-admin -c trytond.conf -d "${TEMPLATE}_new" \
    -u $MODULES --activate-dependencies --email admin@example.com -l en --password)
  (cd "$TRYTON" && timeout 600 venv/bin/python -W ignore "$PROJECT/erp_lab/templates/tryton.py" trytond.conf "${TEMPLATE}_new" "$KEYS")
  psql "drop database if exists $TEMPLATE"
  psql "alter database ${TEMPLATE}_new rename to $TEMPLATE"
  echo "$made" >"$TRYTON/template.made"
}

mkdir -p "$TRYTON"
case "${1:-install}" in
  install) (flock 9; python_side; template) 9>"$TRYTON.lock" ;;
  version) "$TRYTON/venv/bin/python" -c 'import trytond; print(trytond.__version__)' ;;
  *) echo "usage: tryton.sh [install | version]" >&2; exit 2 ;;
esac
