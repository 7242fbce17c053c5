#!/bin/sh
# ./dev run on a machine that has everything: it asks no network for anything, and hands its standard input on to the
# demonstration. The tools that build are stand-ins here, which would swallow it.
#   offline.sh PATH_OF_DEV
set -eu
dev=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$dev" "$scratch/dev"
mkdir "$scratch/tools"

stand_in() {
  cat >"$scratch/tools/$1"
  chmod +x "$scratch/tools/$1"
}
stand_in cmake <<'END'
#!/bin/sh
cat >/dev/null
END
stand_in ninja <<'END'
#!/bin/sh
cat >/dev/null
mkdir -p "$2/bin"
printf '#!/bin/sh\necho "the demonstration was told: $*"\ncat\n' >"$2/bin/cairn-demo"
chmod +x "$2/bin/cairn-demo"
END
for tool in apt-get apt curl wget git sudo; do
  printf '#!/bin/sh\necho "%s $*" >>"%s/asked"\nexit 1\n' "$tool" "$scratch" | stand_in "$tool"
done

alone=
if unshare -n true 2>/dev/null; then
  alone='unshare -n'
else
  echo "SKIPPED: no network name space of one's own here; only the tools that would ask one are watched"
fi
# shellcheck disable=SC2086 # words, or none
said=$(echo "alice-1 bob@localhost hello" | PATH="$scratch/tools:$PATH" $alone "$scratch/dev" run --script x)
case $said in
  *"the demonstration was told: --script x"*"alice-1 bob@localhost hello"*) ;;
  *) echo "the demonstration heard: $said"; exit 1 ;;
esac
if [ -e "$scratch/asked" ]; then
  echo "a second run asked:"
  cat "$scratch/asked"
  exit 1
fi
