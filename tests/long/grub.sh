#!/usr/bin/env bash
# Long suite: GRUB 2, made by Debian's grub-mkrescue, from a disk through our BIOS. Needs the release binary.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --quiet
ringwalk=$(pwd)/target/release/ringwalk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
ok() { passed=$((passed + 1)); printf 'ok: %s\n' "$1"; }

mkdir -p "$work/tree/boot/grub"
cat > "$work/tree/boot/grub/grub.cfg" <<'CFG'
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=3
menuentry "first" { echo words from grub ; ls ; sleep 1 ; halt }
CFG
grub-mkrescue -o "$work/grub.img" "$work/tree" > "$work/mk.log" 2>&1
before=$(sha256sum < "$work/grub.img")

run() { "$ringwalk" run --hda "$work/grub.img" --display none --serial null --timeout 300 "$@" < /dev/null; }
hash_of() { sed -n 's/.*"state_hash":"\([0-9a-f]*\)".*/\1/p' "$1"; }

run --until-serial 'GNU GRUB' --screenshot "$work/menu.png" --save "$work/menu.snap" --stats json 2> "$work/a.json"
ok "GRUB shows its menu"
run --until-serial '(hd0)' --stats json 2> "$work/ls.json"
ok "echo and ls speak on the serial line"
printf 'when screen "GNU GRUB" : key c\nwhen screen "grub>" : type "echo typed-works\\n"\n' > "$work/keys.txt"
run --input "$work/keys.txt" --until-screen 'typed-works' --stats json 2> "$work/typed.json"
ok "typed keys reach GRUB"

run --until-serial 'GNU GRUB' --stats json 2> "$work/b.json"
[ "$(hash_of "$work/a.json")" = "$(hash_of "$work/b.json")" ]
ok "R1: two runs have one hash"
run --restore "$work/menu.snap" --until-serial '(hd0)' --stats json 2> "$work/c.json"
[ "$(hash_of "$work/ls.json")" = "$(hash_of "$work/c.json")" ]
ok "R3: restored at the menu, the run goes on as if never stopped"
[ "$before" = "$(sha256sum < "$work/grub.img")" ]
ok "the image was not written"
printf '%s passed, 0 failed\n' "$passed"
