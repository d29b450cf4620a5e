#!/usr/bin/env bash
# Debian's SeaBIOS boots the built-in disk: fw_cfg, power management and the chips as another firmware takes them.
# Needs the packages seabios and grub-rescue-pc. RINGWALK names the program; without it the release build is made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  tail -n 40 "$work"/*.log >&2
  exit 1
}
figure() { tail -n 1 "$work/run.log" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }
for bios in bios.bin bios-256k.bin; do
  printf -- '-- %s\n' "$bios"
  "$RINGWALK" run --bios "/usr/share/seabios/$bios" --hda roms/tour.img --serial stdio --debugcon "file:$work/debug.log" \
    --timeout 120 --stats json < /dev/null > "$work/serial.log" 2> "$work/run.log" || fail "$bios: status $?"
  for line in 'Found QEMU fw_cfg' 'len 0x0000000008000000 [RAM]' '1: /pci@i0cf8/ide@1,1/drive@0/disk@0' 'Using pmtimer' \
    'Found 1 lpt ports' 'Found 2 serial ports' 'PS2 keyboard initialized' 'Booting from Hard Disk'; do
    grep -qaF -- "$line" "$work/debug.log" || fail "$bios: no '$line'"
  done
  grep -qaF 'back in real mode' "$work/serial.log" || fail "$bios: the disk did not run to its end"
  # Half a second of the machine: nothing was waited for.
  [ "$(figure position)" -lt 50000000 ] || fail "$bios: position $(figure position)"
  printf '   off at position %s\n' "$(figure position)"
done

# GRUB's rescue disks: its menu from a floppy and from a CD, and its `halt`, which goes through the ACPI tables to S5.
rescue=/usr/lib/grub-rescue
menu() {
  printf -- '-- %s\n' "$1"
  "$RINGWALK" run --bios /usr/share/seabios/bios.bin "$@" --serial null --until-screen 'GNU GRUB' --timeout 300 \
    --stats json < /dev/null > "$work/serial.log" 2> "$work/run.log" || fail "$1: status $?"
  printf '   menu at position %s\n' "$(figure position)"
}
menu --fda "$rescue/grub-rescue-floppy.img" --boot a
menu --cdrom "$rescue/grub-rescue-cdrom.iso" --boot d
printf -- '-- halt\n'
printf 'when screen "GNU GRUB" : key c\nwhen screen "grub>" : type "halt\\n"\n' > "$work/halt.script"
"$RINGWALK" run --bios /usr/share/seabios/bios.bin --cdrom "$rescue/grub-rescue-cdrom.iso" --boot d --serial null \
  --input "$work/halt.script" --timeout 300 < /dev/null > "$work/serial.log" 2> "$work/run.log" || fail "halt: status $?"
grep -q 'switched the machine off' "$work/run.log" || fail "halt: it did not switch off"
