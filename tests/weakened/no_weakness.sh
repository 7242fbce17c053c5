#!/bin/sh
# no_weakness.sh WEAKENED FILE...: whether FILEs (programs as they are shipped) hold nothing of cairn::weakened.
# WEAKENED is a program that does: it shows that the search finds what is there.
set -u
holds() { nm -C "$1" 2>/dev/null | grep -q "$2"; }

weakened=$1
shift
holds "$weakened" 'cairn::weakened::is' || { echo "no_weakness: $weakened holds no weakness, so the search is blind"; exit 1; }
for file in "$@"; do
  holds "$file" 'cairn::' || { echo "no_weakness: $file has no symbols"; exit 1; }
  if holds "$file" 'cairn::weakened'; then echo "no_weakness: $file can be weakened"; exit 1; fi
  if grep -q CAIRN_WEAKNESS "$file"; then echo "no_weakness: $file asks for a weakness"; exit 1; fi
done
