#!/bin/sh
# run.sh vectors FOLDER | epochs PROGRAM SEED COUNT | served PROGRAMS | litewitness PROGRAMS: what the second verifier
# says of the published vectors, of COUNT random epochs that PROGRAM (cairn-random-epochs) makes and judges, and of a
# running cairnd (folder PROGRAMS) under cosigners of ours, or also a witness of others. What is missing here is said,
# and then it is skipped: 77.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

skip() {
  printf 'SKIPPED: the second verifier of the directory: %s\n' "$*"
  exit 77
}

command -v python3 >/dev/null || skip "there is no python3 here"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || skip "this python3 is older than 3.10"

case ${1-} in
vectors) exec python3 -B "$here/verify.py" vectors "$2" ;;
epochs)
  # The verifier fails for a stream that ends amid a frame; that the other program came to its end is told by a file.
  ended=$(mktemp)
  trap 'rm -f "$ended"' EXIT
  { "$2" "$3" "$4" && echo yes >"$ended"; } | python3 -B "$here/verify.py" stream
  [ -s "$ended" ]
  ;;
served) exec python3 -B "$here/served.py" "$2" ;;
litewitness)
  for program in ssh-agent ssh-add ssh-keygen; do
    command -v "$program" >/dev/null || skip "litewitness signs by ssh-agent, and there is no $program here"
  done
  witness=$("$here/litewitness.sh")
  exec python3 -B "$here/served.py" "$2" "$witness"
  ;;
*)
  echo "usage: run.sh vectors FOLDER | epochs PROGRAM SEED COUNT | served PROGRAMS | litewitness PROGRAMS" >&2
  exit 2
  ;;
esac
