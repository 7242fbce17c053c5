#!/bin/sh
# no_lies.sh LIAR FILE...: whether FILEs (programs or libraries of the server) hold nothing of cairn::lying.
# LIAR is a file that does: it shows that the search finds what is there. Empty names are skipped.
set -u
holds() { nm -C "$1" 2>/dev/null | grep -q "$2"; }

liar=$1
shift
holds "$liar" 'cairn::lying::Liar::answer' || { echo "no_lies: $liar holds no liar, so the search is blind"; exit 1; }
for file in "$@"; do
  [ -n "$file" ] || continue
  holds "$file" 'cairn::relay::Relay' || { echo "no_lies: $file has no symbols of a server"; exit 1; }
  if holds "$file" 'cairn::lying'; then echo "no_lies: $file can lie"; exit 1; fi
done
