#!/usr/bin/env bash
# Tryton's own web client (sao), from npm only, pinned with hashes in erp_lab/sao/, for pictures of the module's screens.
# npm has no 8.2 (7.0 and 8.0 only): the client of 8.0 speaks the calls of an 8.2 server, and refuses it by its number alone,
# so its number is set. It goes to sao/ in KONTOBRO_ERP_HOME (.erp/ of the checkout). Exits 75 when it can't be had here.
# usage: sao.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PINS=$PWD/erp/tryton/sao
SAO=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")/sao
mkdir -p "$SAO"
(
  flock 9
  cmp -s "$PINS/package-lock.json" "$SAO/made" && [ -d "$SAO/site" ] && exit
  rm -rf "$SAO/site"
  mkdir "$SAO/site"
  cp "$PINS"/package*.json "$SAO/site"
  (cd "$SAO/site" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts) ||
    { echo "sao.sh: Tryton's web client can't be had from npm today" >&2; exit 75; }
  cd "$SAO/site"
  cp -r node_modules/tryton-sao/{index.html,dist,images,locale,sounds} .
  touch custom.js custom.css
  sed -i "s/__version__: '8\.0\.[0-9]*'/__version__: '8.2.0'/" dist/tryton-sao.js
  cp "$PINS/package-lock.json" "$SAO/made"
) 9>"$SAO.lock"
