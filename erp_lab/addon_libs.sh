#!/usr/bin/env bash
# What `pip install kontobro` would bring into an ERP's own environment, beside it: requirements/addon.txt, pinned with
# hashes, in addon-libs/ of KONTOBRO_ERP_HOME. Tests put it and src/ on the path of the ERP's Python. Prints the folder.
# usage: addon_libs.sh
set -euo pipefail
cd "$(dirname "$0")/.."
LIBS=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")/addon-libs
mkdir -p "$(dirname "$LIBS")"
(
  flock 9
  if ! cmp -s requirements/addon.txt "$LIBS/requirements.txt"; then
    rm -rf "$LIBS"
    "${PYTHON:-python3}" -m pip install -qq --disable-pip-version-check --require-hashes --no-deps \
      --target "$LIBS" -r requirements/addon.txt >&2
    cp requirements/addon.txt "$LIBS/requirements.txt"
  fi
) 9>"$LIBS.lock"
echo "$LIBS"
