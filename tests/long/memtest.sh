#!/usr/bin/env bash
# memtest86+ for 32-bit processors, from its CD, under our BIOS and under SeaBIOS: to the end of its first pass, without
# errors. A slow clock makes its waits short; 5 MiB are the least that it can move itself in.
# Needs Debian's memtest86+ and seabios. RINGWALK names the program; without it the release build is made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'when screen "to start testing" : key enter' > "$work/enter"

# first_pass NAME OPTION...
first_pass() {
  local name=$1 status=0
  shift
  "$RINGWALK" run "$@" --cpu p6 --mem 5M --clock 1M --cdrom /usr/lib/memtest86+/memtest86+ia32.iso --input "$work/enter" \
    --display text --max-insns 12000000000 --until-screen "Pass:  1" > "$work/$name.text" 2> "$work/$name.log" || status=$?
  if [ $status != 0 ] || ! grep -q 'until-screen met' "$work/$name.log" || ! grep -q 'Errors: 0' "$work/$name.text"; then
    tail -n 30 "$work/$name.text" "$work/$name.log" >&2
    echo "memtest86+ under $name: FAILED" >&2
    return 1
  fi
  echo "memtest86+ under $name: first pass, no errors; $(sed -n 's/.*(\(.*\)).*/\1/p' "$work/$name.log")"
}
first_pass ringwalk & own=$!
first_pass SeaBIOS --bios /usr/share/seabios/bios.bin & other=$!
wait $own
wait $other
