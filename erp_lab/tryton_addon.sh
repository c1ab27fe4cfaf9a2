#!/usr/bin/env bash
# The libraries that Kontobro's module needs in Tryton's own environment, pinned with hashes: beside it, never in it, so that
# the Tryton of `tryton.sh` stays as it comes. They go to tryton-addon/ in KONTOBRO_ERP_HOME. Exits 75 when they can't be had.
# usage: tryton_addon.sh
set -euo pipefail
cd "$(dirname "$0")/.."
HOME_OF_ERPS=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")
SITE=$HOME_OF_ERPS/tryton-addon
[ -x "$HOME_OF_ERPS/tryton/venv/bin/python" ] || { echo "tryton_addon.sh: first \`make erp-tryton\`" >&2; exit 75; }
mkdir -p "$SITE"
(
  flock 9
  cmp -s requirements/addon-tryton.txt "$SITE/requirements.txt" && exit
  rm -rf "$SITE/site"
  "$HOME_OF_ERPS/tryton/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes \
    --target "$SITE/site" -r requirements/addon-tryton.txt ||
    { echo "tryton_addon.sh: the libraries can't be had from PyPI today" >&2; exit 75; }
  cp requirements/addon-tryton.txt "$SITE/requirements.txt"
) 9>"$SITE.lock"
