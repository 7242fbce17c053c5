#!/bin/sh
# try.sh PACKAGE: unpacks a package into a folder of its own, and runs what is in it: the settings are read, keys made, a
# server served, asked, copied, stopped; the units are checked where systemd-analyze is. No image is built: of the
# Dockerfile its settings, its command and what it copies are tried.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$1
work=$(mktemp -d)
server=''
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
fail() { echo "try: $*" >&2; exit 1; }

dpkg-deb --info "$package" >"$work/info"
grep -q '^ Depends: .*libc6' "$work/info" || fail "no dependencies"
dpkg-deb -x "$package" "$work/tree"
dpkg-deb -e "$package" "$work/control"
bin=$work/tree/usr/bin
for file in cairnd cairn-witness cairn; do [ -x "$bin/$file" ] || fail "$file is missing"; done
sed "s#/var/lib/cairnd#$work/data#" "$work/tree/etc/cairn/cairnd.toml" >"$work/cairnd.toml"
"$bin/cairnd" --data "$work/data" init --domain try.example >"$work/init"
grep -q '^log try.example/cairn+' "$work/init" || fail "init told no key"
rm "$work/data/cairnd.toml"
"$bin/cairn-witness" --data "$work/witness" serve 2>"$work/err" && fail "a witness without a key serves"
grep -q 'cairn-witness init' "$work/err" || fail "it does not say how a key is made"
"$bin/cairn-witness" --data "$work/witness" init --role auditor --name try.example/a >"$work/init"
grep -q '^witness try.example/a try.example/a+' "$work/init" || fail "init told no key of a cosigner"
# As the image does it, at ports that are free here.
case ${package##*/} in
  $(sed -n 's#^COPY \([^ ]*\) /tmp/$#\1#p' "$here/Dockerfile")) ;;
  *) fail "the Dockerfile copies another file than ${package##*/}" ;;
esac
grep -q '^ENTRYPOINT \["/usr/bin/cairnd", "--config", "/etc/cairn/cairnd.toml"\]$' "$here/Dockerfile" &&
  grep -q '^CMD \["serve"\]$' "$here/Dockerfile" || fail "the Dockerfile has another command than is tried here"
grep -q '^USER cairnd$' "$here/Dockerfile" && grep -q ' cairnd ' "$work/control/postinst" ||
  fail "the Dockerfile has a user that the package does not make"
settings=$(sed -n 's/^ENV //p' "$here/Dockerfile" | sed 's/0\.0\.0\.0:[0-9]*/127.0.0.1:0/g')
# shellcheck disable=SC2086 # words
env $settings "$bin/cairnd" --config "$work/cairnd.toml" serve --domain try.example --behind-proxy >"$work/out" 2>"$work/err" &
server=$!
port=''
for _ in $(seq 100); do
  port=$(sed -n 's#^listening on http://127.0.0.1:##p' "$work/out")
  [ -z "$port" ] || break
  sleep 0.1
done
[ -n "$port" ] || { cat "$work/err"; fail "it does not listen"; }
"$bin/cairnd" --config "$work/cairnd.toml" invite >"$work/code"
"$bin/cairnd" --config "$work/cairnd.toml" backup "$work/copy"
"$bin/cairnd" verify "$work/copy" || fail "the copy is not whole"
kill -TERM "$server"
wait "$server" || fail "it did not stop cleanly"
server=''
if command -v systemd-analyze >/dev/null; then
  for unit in cairnd cairn-witness; do
    sed "s#/usr/bin/#$bin/#" "$work/tree/usr/lib/systemd/system/$unit.service" >"$work/$unit.service"
    systemd-analyze verify "$work/$unit.service" 2>"$work/verify" || { cat "$work/verify"; fail "$unit.service"; }
  done
fi
echo "try: good"
