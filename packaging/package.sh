#!/bin/sh
# package.sh BINARIES OUT: a Debian package of the programs in a folder. Needs dpkg-deb and dpkg-shlibdeps (dpkg-dev).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
binaries=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
version=$(sed -n 's/^project(cairn VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$tree/usr/lib/systemd/system" "$tree/etc/cairn" \
  "$tree/usr/share/doc/cairn-server"
for program in cairnd cairn-witness cairn; do
  install -m 755 "$binaries/$program" "$tree/usr/bin/$program"
  strip --strip-unneeded "$tree/usr/bin/$program"
done
mkdir -p "$tree/usr/share/man/man1" "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions" \
  "$tree/usr/share/fish/vendor_completions.d"
for program in cairnd cairn-witness cairn; do
  "$binaries/$program" manual | gzip -9n >"$tree/usr/share/man/man1/$program.1.gz"
done
"$binaries/cairn" completion bash >"$tree/usr/share/bash-completion/completions/cairn"
"$binaries/cairn" completion zsh >"$tree/usr/share/zsh/vendor-completions/_cairn"
"$binaries/cairn" completion fish >"$tree/usr/share/fish/vendor_completions.d/cairn.fish"
install -m 644 "$here/cairnd.service" "$here/cairn-witness.service" "$tree/usr/lib/systemd/system/"
cp -r "$root/docs/operating" "$tree/usr/share/doc/cairn-server/"
install -m 644 "$root/LICENSE" "$tree/usr/share/doc/cairn-server/copyright"
chmod -R u+rwX,go+rX,go-w "$tree/usr"

# The settings as the program itself writes them, all comments but where the data lies.
for program in cairnd cairn-witness; do
  {
    echo "# Settings of $program; a flag or an environment variable of the same name goes before them."
    echo "data = \"/var/lib/$program\""
    echo
    "$binaries/$program" settings
  } >"$tree/etc/cairn/$program.toml"
  chmod 644 "$tree/etc/cairn/$program.toml"
  echo "/etc/cairn/$program.toml" >>"$tree/DEBIAN/conffiles"
done
install -m 755 "$here/postinst" "$here/prerm" "$tree/DEBIAN/"

# What the programs are linked with, as Debian's packages of this machine name it.
mkdir -p "$work/debian"
printf 'Source: cairn\n\nPackage: cairn-server\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "$tree/usr/bin/cairnd" "$tree/usr/bin/cairn-witness" "$tree/usr/bin/cairn" |
  sed -n 's/^shlibs:Depends=//p')
cat >"$tree/DEBIAN/control" <<CONTROL
Package: cairn-server
Version: $version
Architecture: $architecture
Maintainer: The Cairn authors <cairn@localhost>
Depends: $depends, passwd
Section: net
Priority: optional
Description: private messenger: server, witness and client
 cairnd orders and keeps the messages of a domain and cannot read them; its
 directory is checked by independent cairn-witness processes. cairn is the
 client at the command line.
CONTROL
dpkg-deb --root-owner-group --build "$tree" "$out/cairn-server_${version}_$architecture.deb" >/dev/null
echo "$out/cairn-server_${version}_$architecture.deb"
