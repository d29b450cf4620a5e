#!/usr/bin/env bash
# Real software from Debian packages, started by our BIOS and by SeaBIOS: GRUB's rescue floppy and CD, iPXE's CD. Needs
# grub-rescue-pc, ipxe and seabios. RINGWALK names the program; without it the release build is made. Arguments choose
# steps by a part of their names; without any, all run but memtest: memtest86+ 6 (started by GRUB; needs memtest86+ and
# grub-mkrescue with grub-pc-bin, xorriso and mtools) computes with the x87 unit, whose arithmetic is not there yet.
# TODO(#5)
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# figure NAME FILE: a value of the statistics, the last line of what a run wrote to stderr.
figure() { tail -n 1 "$2" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }
wanted() {
  local name=$1 part
  shift
  [ $# = 0 ] && return 0
  for part in "$@"; do [[ $name == *$part* ]] && return 0; done
  return 1
}
chosen=("$@")
# boot NAME SECONDS MARKER OPTION...: runs until the screen shows the marker.
boot() {
  local name=$1 seconds=$2 marker=$3 status=0
  shift 3
  wanted "$name" ${chosen[@]+"${chosen[@]}"} || return 0
  "$RINGWALK" run --display none --serial null --timeout "$seconds" --until-screen "$marker" --stats json \
    --screenshot "$work/$name.png" --debugcon "file:$work/$name.debug" "$@" \
    < /dev/null > "$work/$name.out" 2> "$work/$name.log" || status=$?
  if [ "$status" != 0 ]; then
    tail -n 20 "$work/$name.log" "$work/$name.debug" >&2
    fail "$name: status $status without '$marker' on the screen in $seconds s"
  fi
  printf '   %-26s %5.1f s  %11s instructions  %6s MIPS\n' "$name" "$(figure host_seconds "$work/$name.log")" \
    "$(figure instructions "$work/$name.log")" "$(figure mips "$work/$name.log")"
}

rescue=/usr/lib/grub-rescue
ipxe=/usr/lib/ipxe/ipxe.iso
seabios=(--bios /usr/share/seabios/bios.bin --vgabios /usr/share/seabios/vgabios-stdvga.bin)

printf -- '-- under our BIOS\n'
boot grub-floppy 60 "GNU GRUB" --fda "$rescue/grub-rescue-floppy.img" --boot a
boot grub-cd 60 "GNU GRUB" --cdrom "$rescue/grub-rescue-cdrom.iso" --boot d
boot ipxe-cd 60 "iPXE initialising devices...ok" --cdrom "$ipxe" --boot d

printf -- '-- under SeaBIOS\n'
boot seabios-grub-floppy 60 "GNU GRUB" --fda "$rescue/grub-rescue-floppy.img" --boot a "${seabios[@]}"
boot seabios-grub-cd 60 "GNU GRUB" --cdrom "$rescue/grub-rescue-cdrom.iso" --boot d "${seabios[@]}"
boot seabios-ipxe-cd 60 "iPXE initialising devices...ok" --cdrom "$ipxe" --boot d "${seabios[@]}"
if [[ " ${chosen[*]-} " == *memtest* ]]; then
  mkdir -p "$work/tree/boot/grub"
  cp /boot/memtest86+ia32.bin "$work/tree/boot/memtest"
  cat > "$work/tree/boot/grub/grub.cfg" << 'CFG'
linux16 /boot/memtest
boot
CFG
  grub-mkrescue -o "$work/memtest.iso" "$work/tree" > "$work/mkrescue.log" 2>&1 || fail "grub-mkrescue"
  # A slow machine clock: its bit fade test waits for minutes of the machine's time.
  memtest=(--cdrom "$work/memtest.iso" --boot d --mem 8M --clock 4M)
  boot memtest 240 "Pass:  1" "${memtest[@]}"
  boot seabios-memtest 240 "Pass:  1" "${memtest[@]}" "${seabios[@]}"
fi
printf -- '-- boots: all well, in %s seconds\n' "$SECONDS"
