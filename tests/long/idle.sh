#!/usr/bin/env bash
# What an idle debugger costs: host instructions for each of the guest, under callgrind, of the same span of GRUB's boot
# run plainly, in the debugger, with 1,000 breakpoints and with 100 watchpoints that nothing meets. At most 3 % more.
# Needs valgrind, and grub-mkrescue with grub-pc-bin, xorriso and mtools. RINGWALK names the program; without it the
# release build is made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Long enough that the debugger's start, some 15 million host instructions for tables of names, is less than 1 %.
insns=${INSNS:-24000000}

mkdir -p "$work/tree/boot/grub"
echo 'set timeout=-1' > "$work/tree/boot/grub/grub.cfg"
grub-mkrescue -o "$work/grub.img" "$work/tree" > "$work/mkrescue.log" 2>&1

# Breakpoints in the pages that run (GRUB's core at 9000h and up) and elsewhere, at places that no instruction begins at
# or that are never reached: the last bytes of pages, and memory above the program; all three kinds of address.
: > "$work/breaks"
for ((n = 0; n < 334; n++)); do
  printf 'break lin 0x%x\n' $((0x4000000 + n * 0x123)) >> "$work/breaks"
  printf 'break phys 0x%x\n' $((0x5000000 + n * 0x3457)) >> "$work/breaks"
  printf 'break 7777:%x\n' $((n * 97)) >> "$work/breaks"
done
head -n 1000 "$work/breaks" > "$work/thousand" && mv "$work/thousand" "$work/breaks"
for ((n = 0; n < 100; n++)); do
  printf 'watch phys 0x%x\n' $((0x6000000 + n * 0x1234)) >> "$work/watches"
done
for kind in none breaks watches; do
  { [ $kind = none ] || cat "$work/$kind"; echo continue; } > "$work/$kind.script"
done

# cost NAME MODE OPTION...: host instructions of a run, from callgrind's last line.
cost() {
  local name=$1
  shift
  valgrind --tool=callgrind --callgrind-out-file="$work/$name.out" "$RINGWALK" "$@" \
    --hda "$work/grub.img" --serial null --display none --max-insns "$insns" \
    < /dev/null > "$work/$name.text" 2> "$work/$name.log" || true
  grep -q 'max-insns' "$work/$name.log" "$work/$name.text" || { tail -n 20 "$work/$name.log" "$work/$name.text" >&2; exit 1; }
  sed -n 's/^.*Collected : \([0-9]*\).*/\1/p' "$work/$name.log"
}
plain=$(cost plain run)
printf 'run: %s host instructions for each of the guest\n' "$(awk "BEGIN { printf \"%.2f\", $plain / $insns }")"
status=0
for kind in none breaks watches; do
  with=$(cost $kind debug -x "$work/$kind.script")
  awk -v kind=$kind -v plain="$plain" -v with="$with" 'BEGIN {
    more = 100 * (with / plain - 1)
    printf "debug with %s: %+.2f %%\n", kind, more
    exit more > 3
  }' || status=1
done
[ $status = 0 ] || echo "FAILED: an idle debugger costs more than 3 %" >&2
exit $status
