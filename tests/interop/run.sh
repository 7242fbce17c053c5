#!/bin/sh
# run.sh MLS_PEER FOLDER [SEED [STEPS]]: installs the other implementation into FOLDER, and lets the two talk.
# The second time it needs no network. What is missing here (node, npm, a network) is said, and then it is skipped: 77.
set -eu

minimum=18
no_network="ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET|E50[0-9]"
program=$1 folder=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cairn/npm

skip() {
  printf 'SKIPPED: interoperation with ts-mls: %s\n' "$*"
  exit 77
}

command -v node >/dev/null || skip "there is no node here; it needs node $minimum or newer, and npm"
version=$(node -p 'process.versions.node.split(".")[0]')
[ "$version" -ge "$minimum" ] || skip "this is node $version; the package needs node $minimum or newer"

mkdir -p "$folder"
cp "$here"/*.js "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder"
cd "$folder"
if ! cmp -s package-lock.json node_modules/installed-from.json; then
  command -v npm >/dev/null || skip "there is no npm here to install the package with"
  rm -rf node_modules
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --cache "$cache" >npm.log 2>&1 || {
    cat npm.log
    # A package that is not the locked one is a failure; a registry that is not there is not.
    grep -qE "$no_network" npm.log || exit 1
    skip "the registry of npm cannot be reached"
  }
  cp package-lock.json node_modules/installed-from.json
fi
exec node --no-warnings run.js "$program" "$@"
