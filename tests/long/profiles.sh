#!/usr/bin/env bash
# A snapshot of the release build goes on in the debug build, and the other way, and all come to the same hash. Arguments:
# the machine's options and image; without any, the built-in disk. START and END are counts of instructions. RELEASE and
# DEBUG name the programs; without them both are built.
set -euo pipefail
cd "$(dirname "$0")/../.."
START=${START:-3000000} END=${END:-9000000}
if [ -z "${RELEASE:-}" ] || [ -z "${DEBUG:-}" ]; then
  cargo build --quiet
  cargo build --release --quiet
  target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
  RELEASE=$target/release/ringwalk DEBUG=$target/debug/ringwalk
fi
declare -A program=([release]=$RELEASE [debug]=$DEBUG)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# run PROFILE INSTRUCTIONS OPTION...: prints the state hash at the end.
run() {
  local profile=$1 count=$2 status=0
  shift 2
  "${program[$profile]}" run --serial null --display none --stats json --max-insns "$count" "$@" \
    < /dev/null > /dev/null 2> "$work/log" || status=$?
  [ "$status" = 4 ] || fail "$profile: status $status: $(tail -n 2 "$work/log")"
  tail -n 1 "$work/log" | sed -E 's/.*"state_hash":"([0-9a-f]+)".*/\1/'
}
for profile in release debug; do
  run "$profile" "$START" "$@" --save "$work/$profile.snap" > /dev/null
  run "$profile" "$END" "$@" > "$work/$profile.straight"
done
cmp "$work/release.snap" "$work/debug.snap" || fail "the builds save other bytes"
cmp -s "$work/release.straight" "$work/debug.straight" || fail "the builds come to other hashes"
for saved in release debug; do
  for profile in release debug; do
    # shellcheck disable=SC2086  # a list of options: media are the snapshot's own; what only builds a machine is left out.
    found=$(run "$profile" $((END - START)) --restore "$work/$saved.snap" ${MEDIA:-})
    [ "$found" = "$(cat "$work/release.straight")" ] || fail "saved by $saved, gone on in $profile: another hash"
    printf '   saved by %-7s gone on in %-7s %s\n' "$saved" "$profile" "${found:0:16}"
  done
done
printf -- '-- builds: a snapshot of %s instructions, the same hash at %s\n' "$START" "$END"
