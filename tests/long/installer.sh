#!/usr/bin/env bash
# Debian's installer, as its netboot packages bring it, started by --kernel: it reaches its first menu on the VGA screen. A
# PNG of the menu is kept in the folder that RINGWALK_PICTURES names, or target/pictures. The packages come by apt; needs
# dpkg-deb. RINGWALK names the program; without it the release build is made. RINGWALK_PACKAGES names a folder that keeps
# the packages. Arguments choose widths: i386 amd64; without any, both. Takes some minutes, so CI does not run it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=${RINGWALK_PACKAGES:-$work/packages}
pictures=${RINGWALK_PICTURES:-${CARGO_TARGET_DIR:-target}/pictures}
mkdir -p "$packages" "$pictures"
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for log in "$work"/*.log; do printf '\n== %s\n' "$log" && tail -n 40 "$log" | tail -c 3000 | cat -v; done >&2
  exit 1
}
figure() { tail -n 1 "$2" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }

# fetch WIDTH: both packages are for every architecture.
fetch() {
  ls "$packages"/debian-installer-12-netboot-"$1"_*.deb > /dev/null 2>&1 && return
  (cd "$packages" && apt-get -qq -o APT::Sandbox::User= download "debian-installer-12-netboot-$1") \
    > "$work/download.log" 2>&1 || fail "the package cannot be fetched"
}
# menu WIDTH: the kernel and the initrd lie in the package as they are. Below 737 MiB (amd64) and 466 MiB (i386) the
# installer begins with a word on low memory in place of the menu.
menu() {
  local width=$1 at=$work/$1 images=usr/lib/debian-installer/images/12/$1/text/debian-installer/$1 status=0 memory=512M
  [ "$width" = i386 ] || memory=1G
  fetch "$width"
  mkdir -p "$at"
  dpkg-deb --fsys-tarfile "$packages"/debian-installer-12-netboot-"$width"_*.deb |
    tar -x -C "$at" "./$images/linux" "./$images/initrd.gz"
  "$RINGWALK" run --kernel "$at/$images/linux" --initrd "$at/$images/initrd.gz" --append "nomodeset fb=false --- quiet" \
    --mem "$memory" --serial null --display text --until-screen "Select a language" --max-insns 30000000000 --timeout 1200 \
    --screenshot "$pictures/installer-$width.png" --stats json < /dev/null > "$work/$width.screen.log" \
    2> "$work/$width.log" || status=$?
  [ $status = 0 ] || fail "$width: status $status"
  # A PNG of 720x400: 80 by 25 characters of 9 by 16 dots.
  local head
  head=$(od -An -tx1 -N24 "$pictures/installer-$width.png" | tr -d ' \n')
  [ "$head" = 89504e470d0a1a0a0000000d49484452000002d000000190 ] || fail "$width: the picture begins with $head"
  printf '   %-6s %6.1f s  %12s instructions  %7s MIPS  %s\n' "$width" "$(figure host_seconds "$work/$width.log")" \
    "$(figure instructions "$work/$width.log")" "$(figure mips "$work/$width.log")" "$pictures/installer-$width.png"
}
[ $# -gt 0 ] || set -- i386 amd64
for width; do menu "$width"; done
printf -- '-- installer: all well, in %s seconds\n' "$SECONDS"
