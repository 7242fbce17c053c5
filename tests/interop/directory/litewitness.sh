#!/bin/sh
# litewitness.sh: prints the folder with litewitness and witnessctl, of Debian's package torchwood in sid. It is downloaded
# once into the cache and unpacked there, never installed. What is missing is said on standard error, with 77.
set -eu

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cairn
folder=$cache/torchwood
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() {
  printf 'SKIPPED: litewitness: %s\n' "$*" >&2
  exit 77
}

if [ ! -x "$folder/usr/bin/litewitness" ]; then
  command -v apt-get >/dev/null || skip "there is no apt here"
  [ -r "$keyring" ] || skip "there is no debian-archive-keyring here"
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  mkdir -p "$work/empty" "$work/lists/partial" "$work/archives/partial" "$work/tree"
  # shellcheck disable=SC2016 # apt's own placeholder
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sort -u >"$work/mirrors"
  [ -s "$work/mirrors" ] || skip "apt knows no mirror"
  while read -r mirror; do
    printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror"
  done <"$work/mirrors" >"$work/sources.list"
  private="-o Dir::Etc::SourceList=$work/sources.list -o Dir::Etc::SourceParts=$work/empty
    -o Dir::State::Lists=$work/lists -o Dir::Cache=$work -o APT::Sandbox::User= -o Acquire::Languages=none
    -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
  # shellcheck disable=SC2086 # a list of words
  apt-get $private update -q -o APT::Update::Error-Mode=any >"$work/log" 2>&1 || skip "sid's archive could not be read"
  # shellcheck disable=SC2086
  (cd "$work" && apt-get $private -q download torchwood) >>"$work/log" 2>&1 || skip "sid has no package torchwood"
  dpkg -x "$work"/torchwood_*.deb "$work/tree"
  [ -x "$work/tree/usr/bin/litewitness" ] || skip "the package torchwood has no litewitness"
  rm -rf "$folder"
  mv -T "$work/tree" "$folder"
fi
printf '%s\n' "$folder/usr/bin"
