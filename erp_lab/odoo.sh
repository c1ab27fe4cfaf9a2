#!/usr/bin/env bash
# Real Odoo 19 Community for the tests, from package registries only; about 70 s, and nothing the second time.
#   Odoo's own code: Debian sid's package odoo-19, fetched under a PRIVATE apt configuration and unpacked, never installed.
#   Its Python side: requirements/odoo.txt, pinned with hashes, in a virtual environment of its own.
#   Its database: postgres.sh, with one template that tests clone: a Danish company over the chart of l10n_dk.
# Everything goes to odoo/ in KONTOBRO_ERP_HOME (.erp/ of the checkout). Exits 75 when sid does not have it today.
# `charts de fr es be uk` adds a template for each: the same, and a second company over the chart of that country.
# usage: odoo.sh [install | template | charts COUNTRY... | version]
set -euo pipefail
cd "$(dirname "$0")/.."
PROJECT=$PWD
HOME_OF_ERPS=$(realpath -m "${KONTOBRO_ERP_HOME:-.erp}")
ODOO=$HOME_OF_ERPS/odoo
TEMPLATE=kontobro_odoo_template
PACKAGES=$ODOO/root/usr/lib/python3/dist-packages

unavailable() { echo "odoo.sh: $*" >&2; exit 75; }

fetch() {
  [ ! -f "$ODOO/version.txt" ] || return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || unavailable "needs Debian's apt-get and dpkg-deb"
  local apt=$ODOO/apt mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 !~ /-/ {print $1; exit}')
  [ -n "$mirror" ] || unavailable "no Debian mirror is configured on this machine"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt"; Dir::State::Lists "$apt/lists"; Dir::State::status "$apt/status"; Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "/dev/null"; APT::Sandbox::User "root";
CONF
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$apt/sources.list"
  (
    cd "$ODOO" && export APT_CONFIG=$apt/apt.conf
    timeout 300 apt-get update -qq && timeout 600 apt-get download -qq odoo-19
  ) || unavailable "odoo-19 can't be had from Debian sid today"
  rm -rf "$ODOO/root" && mkdir -p "$ODOO/root"
  dpkg-deb --fsys-tarfile "$ODOO"/odoo-19_*.deb | tar -x -C "$ODOO/root" \
    --exclude='./usr/lib/python3/dist-packages/addons/*' --exclude='*/i18n/*.po' --exclude='*/i18n_extra/*.po'
  (cd "$ODOO" && ls odoo-19_*.deb) >"$ODOO/version.new"
  rm -rf "$ODOO"/odoo-19_*.deb "$apt"
  mv "$ODOO/version.new" "$ODOO/version.txt"
}

python_side() {
  cmp -s "$PROJECT/requirements/odoo.txt" "$ODOO/venv/requirements.txt" && return
  rm -rf "$ODOO/venv"
  python3 -m venv "$ODOO/venv"
  "$ODOO/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$PROJECT/requirements/odoo.txt"
  echo "$PACKAGES" >"$("$ODOO/venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')/odoo.pth"
  cp "$PROJECT/requirements/odoo.txt" "$ODOO/venv/requirements.txt"
}

web_side() {  # Debian's package links its web pages' libraries and fonts from packages of their own
  for part in javascript fonts-font-awesome fonts; do
    [ ! -d "/usr/share/$part" ] || ln -sfn "/usr/share/$part" "$ODOO/root/usr/share/$part"
  done
}

configure() {  # the filter keeps a server off the template, which could not be cloned then
  mkdir -p "$ODOO/files"
  cat >"$ODOO/odoo.conf" <<CONF
[options]
db_host = 127.0.0.1
db_port = $1
db_user = erp
db_template = template0
http_interface = 127.0.0.1
workers = 0
max_cron_threads = 0
data_dir = $ODOO/files
addons_path = $PACKAGES/odoo/addons
without_demo = True
list_db = False
dbfilter = ^kontobro_[0-9a-f]{12}\$
CONF
}

template() {
  local port made
  port=$("$PROJECT/erp_lab/postgres.sh" start)
  configure "$port"
  made=$(cat "$PROJECT/erp_lab/templates/odoo.py" "$ODOO/version.txt" | sha256sum)
  if [ "$(cat "$ODOO/template.made" 2>/dev/null)" = "$made" ] &&
    [ -n "$(psql "select 1 from pg_database where datname = '$TEMPLATE'")" ]; then return; fi
  psql "drop database if exists ${TEMPLATE}_new"
  run_odoo -d "${TEMPLATE}_new" -i account,l10n_dk,analytic --stop-after-init --log-level=warn
  run_odoo shell -d "${TEMPLATE}_new" --no-http --log-level=warn <"$PROJECT/erp_lab/templates/odoo.py"
  psql "drop database if exists $TEMPLATE"
  psql "alter database ${TEMPLATE}_new rename to $TEMPLATE"
  echo "$made" >"$ODOO/template.made"
}

chart() {  # $1: a country of templates/odoo_chart.py, $2: the module that brings its chart
  local name=${TEMPLATE}_$1 made
  made=$(cat "$PROJECT/erp_lab/templates/odoo_chart.py" "$ODOO/template.made" | sha256sum)
  if [ "$(cat "$ODOO/chart-$1.made" 2>/dev/null)" = "$made" ] &&
    [ -n "$(psql "select 1 from pg_database where datname = '$name'")" ]; then return; fi
  psql "drop database if exists ${name}_new"
  psql "create database ${name}_new template $TEMPLATE"
  run_odoo -d "${name}_new" -i "$2" --stop-after-init --log-level=warn
  KONTOBRO_CHART=$1 run_odoo shell -d "${name}_new" --no-http --log-level=warn <"$PROJECT/erp_lab/templates/odoo_chart.py"
  psql "drop database if exists $name"
  psql "alter database ${name}_new rename to $name"
  echo "$made" >"$ODOO/chart-$1.made"
}

charts() {
  local module
  for country in "$@"; do
    case $country in
      fr) module=l10n_fr_account ;;
      *) module=l10n_$country ;;
    esac
    [ -d "$PACKAGES/odoo/addons/$module" ] || unavailable "this package of Odoo has no $module"
    chart "$country" "$module"
  done
}

psql() { command psql -qAt -h 127.0.0.1 -p "$("$PROJECT/erp_lab/postgres.sh" port)" -U erp -d postgres -c "$1"; }

run_odoo() {  # the folder is where template.py leaves the keys
  local verb=()
  if [ "$1" = shell ]; then verb=(shell); shift; fi
  (cd "$ODOO" && timeout 900 "$ODOO/venv/bin/python" -W ignore "$ODOO/root/usr/bin/odoo" "${verb[@]}" -c "$ODOO/odoo.conf" "$@")
}

mkdir -p "$ODOO"
case "${1:-install}" in
  install) (flock 9; fetch; python_side; web_side; template) 9>"$ODOO.lock" ;;
  template) (flock 9; template) 9>"$ODOO.lock" ;;
  charts) (flock 9; template; charts "${@:2}") 9>"$ODOO.lock" ;;
  version) cat "$ODOO/version.txt" ;;
  *) echo "usage: odoo.sh [install | template | charts COUNTRY... | version]" >&2; exit 2 ;;
esac
