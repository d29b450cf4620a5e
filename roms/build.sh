#!/bin/sh
# Assembles every ROM with NASM and writes SHA256SUMS.
#
#   roms/build.sh           rebuild the binaries in place
#   roms/build.sh --check   assemble to a temporary directory and compare with the
#                           committed binaries and sums; status 1 on any difference
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."

# source directory, main file, binary
roms='
roms/bios       bios.asm       roms/bios.bin
roms/vgabios    vgabios.asm    roms/vgabios.bin
roms/kernelboot kernelboot.asm roms/kernelboot.bin
roms/tour       tour.asm       roms/tour.img
roms/bioscheck  bioscheck.asm  roms/bioscheck.img
roms/bioscheck  calls.asm      roms/calls.img
roms/simdbench  simdbench.asm  roms/simdbench.img
'

case "${1:-}" in
    '')      check=no;  out=. ;;
    --check) check=yes; out=$(mktemp -d); trap 'rm -rf "$out"' EXIT; mkdir "$out/roms" ;;
    *)       echo "usage: roms/build.sh [--check]" >&2; exit 2 ;;
esac
if ! command -v nasm >/dev/null; then
    echo "roms/build.sh: nasm is not on PATH; install NASM 2.15 or later" >&2
    exit 2
fi

sum() {
    if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

failed=0
while read -r dir main bin; do
    [ -n "$dir" ] && [ -f "$dir/$main" ] || continue
    nasm -f bin -w+error -I "$dir/" -o "$out/$bin" "$dir/$main"
    if [ "$check" = yes ] && ! cmp -s "$out/$bin" "$bin"; then
        echo "$bin differs from its source: run roms/build.sh" >&2
        failed=1
    fi
done <<END
$roms
END

# Every source, and every binary that has one, by path.
files=$(find roms -type f \( -name '*.asm' -o -name '*.inc' -o -name '*.bin' -o -name '*.img' \) | sort)
# shellcheck disable=SC2086  # the paths have no spaces
sum $files > "$out/roms/SHA256SUMS"
if [ "$check" = yes ]; then
    if ! cmp -s "$out/roms/SHA256SUMS" roms/SHA256SUMS; then
        echo "roms/SHA256SUMS does not match the files: run roms/build.sh" >&2
        failed=1
    fi
fi
exit $failed
