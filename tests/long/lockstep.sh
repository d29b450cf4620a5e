#!/usr/bin/env bash
# Lockstep at length: GRUB's boot with --verify-fast, every integration test with every engine in lockstep, and tens of
# thousands of random programs. Needs grub-mkrescue with grub-pc-bin, xorriso and mtools.
# RINGWALK names the program; without it the release build is made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
part() { printf -- '-- %s\n' "$*"; }
figure() { tail -n 1 "$2" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }

part "GRUB's boot"
mkdir -p "$work/tree/boot/grub"
cat > "$work/tree/boot/grub/grub.cfg" << 'CFG'
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=-1
menuentry "the only entry" {
  echo entry
}
CFG
grub-mkrescue -o "$work/grub.img" "$work/tree" > "$work/mkrescue.log" 2>&1
for way in plain verified; do
  option=$([ $way = plain ] || echo --verify-fast)
  # shellcheck disable=SC2086
  "$RINGWALK" run $option --hda "$work/grub.img" --serial stdio --timeout 900 --stats json \
    --until-serial "the only entry" < /dev/null > /dev/null 2> "$work/$way.log" || {
    tail -c 4000 "$work/$way.log" >&2
    exit 1
  }
  printf '   %s: %s instructions in %s s\n' $way "$(figure instructions "$work/$way.log")" \
    "$(figure host_seconds "$work/$way.log")"
done
if [ "$(figure state_hash "$work/plain.log")" != "$(figure state_hash "$work/verified.log")" ]; then
  echo "FAILED: lockstep changes the state" >&2
  exit 1
fi

part "random programs"
RINGWALK_LOCKSTEP=${RINGWALK_LOCKSTEP:-40000} cargo test --quiet --test it lockstep::random

part "every integration test in lockstep"
cargo test --quiet --features verify-fast --test it
