#!/usr/bin/env bash
# A manual page in mdoc whose name has two words (".Nm prog sub", as pages of subcommands have): groff 1.22.4 keeps the first word alone, so
# that a later ".Nm" without arguments prints "prog"; mandoc 1.14.6 prints "prog sub". In a SYNOPSIS that relies on it the subcommand is lost
# under groff only. A page that writes the words out (".Nm prog" and ".Cm sub") reads alike in both. Fails if that changes.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
(cd "$dir" && apt-get download -q groff-base=1.22.4-10 mandoc=1.14.6-1+b1 >/dev/null && for package in ./*.deb; do dpkg -x "$package" root; done)
root=$dir/root
export GROFF_BIN_PATH=$root/usr/bin GROFF_FONT_PATH=$root/usr/share/groff/1.22.4/font GROFF_TMAC_PATH=$root/usr/share/groff/1.22.4/tmac
page() {
  printf '.Dd January 1, 2026\n.Dt PROG-SUB 1\n.Os\n.Sh NAME\n.Nm prog sub\n.Nd does something\n.Sh SYNOPSIS\n%s\n.Ar file\n.Sh DESCRIPTION\nIt reads.\n' "$1"
}
synopsis() {
  sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' | sed -n '/^SYNOPSIS/{n;p;}' | tr -s ' ' | sed 's/^ //; s/ $//'
}
seen=
for name in .Nm $'.Nm prog\n.Cm sub'; do
  groff=$(page "$name" | "$root/usr/bin/groff" -mandoc -Tascii -P-c | synopsis)
  mandoc=$(page "$name" | "$root/usr/bin/mandoc" -T ascii | synopsis)
  printf '%-22s groff: %-16s mandoc: %s\n' "$(printf %s "$name" | tr '\n' ' ')" "$groff" "$mandoc"
  seen="$seen$groff|$mandoc|"
done
[ "$seen" = "prog file|prog sub file|prog sub file|prog sub file|" ]
