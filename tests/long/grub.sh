#!/usr/bin/env bash
# GRUB 2 from a disk, through our BIOS: its menu, commands on the serial line and on the keyboard, the laws of
# reproducibility, and a session in the debugger. Needs grub-mkrescue with grub-pc-bin, xorriso and mtools.
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
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for log in "$work"/*.log; do printf '\n== %s\n' "$log" && tail -n 30 "$log" | tail -c 1200 | cat -v; done >&2
  exit 1
}
# holds FILE TEXT: the file has the text.
holds() { grep -qaF -- "$2" "$1" || fail "$(basename "$1") lacks '$2'"; }
# figure NAME FILE: a value of the statistics, the last line of what a run wrote to stderr.
figure() { tail -n 1 "$2" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }
# boot NAME OPTION...: a run of the disk; what it sent and told goes to NAME.serial.log and NAME.log.
boot() {
  local name=$1
  shift
  "$RINGWALK" run --hda "$work/grub.img" --serial stdio --timeout 300 --stats json "$@" \
    < /dev/null > "$work/$name.serial.log" 2> "$work/$name.log" || fail "$name: status $?"
  printf '   %s: %s instructions, %s MIPS\n' "$name" "$(figure instructions "$work/$name.log")" \
    "$(figure mips "$work/$name.log")"
}
same() { [ "$2" = "$3" ] || fail "$1: state hashes $2 and $3"; }

part "a disk with GRUB on it"
mkdir -p "$work/tree/boot/grub"
cat > "$work/tree/boot/grub/grub.cfg" << 'CFG'
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=-1
set word=works
menuentry "first entry" {
  echo entry-$word
  ls /boot/grub
}
menuentry "second entry" {
  echo never-$word
}
CFG
grub-mkrescue -o "$work/grub.img" "$work/tree" > "$work/mkrescue.log" 2>&1 || fail "grub-mkrescue"
sum=$(sha256sum < "$work/grub.img")

part "its menu"
boot menu --until-serial "second entry" --save "$work/menu.snap"
holds "$work/menu.serial.log" "GNU GRUB"
holds "$work/menu.serial.log" "first entry"

part "its menu on the oldest processors"
for model in 386 486; do
  boot "menu-$model" --cpu "$model" --until-serial "second entry"
done

part "an entry of the menu, and commands on the serial line"
cat > "$work/serial.script" << 'SCRIPT'
when serial "second entry" : serial "\n"
when serial "second entry" : serial "c"
when serial "grub>" : serial "echo line-$word\n"
when serial "grub>" : serial "ls\n"
when serial "grub>" : serial "ls /boot/grub/grub.cfg\n"
when serial "grub>" : serial "echo last-$word\n"
SCRIPT
boot serial --input "$work/serial.script" --until-serial "last-works"
for text in entry-works i386-pc line-works "(hd0)" grub.cfg; do holds "$work/serial.serial.log" "$text"; done
if grep -qaF never-works "$work/serial.serial.log"; then fail "the second entry was started"; fi

part "keys on the VGA screen"
cat > "$work/keys.script" << 'SCRIPT'
when screen "for a command-line" : key down ; key up ; type "c"
when screen "grub>" : type "set X=Works; echo typed-$X\n"
SCRIPT
boot keys --input "$work/keys.script" --until-screen "typed-Works" --screenshot "$work/keys.png" \
  --save "$work/keys.snap"
# A PNG of 720x400: 80 by 25 characters of 9 by 16 dots.
head=$(od -An -tx1 -N24 "$work/keys.png" | tr -d ' \n')
[ "$head" = 89504e470d0a1a0a0000000d49484452000002d000000190 ] || fail "the screenshot begins with $head"
"$RINGWALK" snapshot verify "$work/keys.snap" > "$work/verify.log" 2>&1 || fail "the snapshot at the end is not whole"

part "graphics through VBE"
cat > "$work/graphics.script" << 'SCRIPT'
when serial "second entry" : serial "c"
when serial "grub>" : serial "insmod vbe ; insmod gfxterm ; loadfont /boot/grub/fonts/unicode.pf2\n"
when serial "grub>" : serial "set gfxmode=800x600x32 ; terminal_output --append gfxterm\n"
when serial "grub>" : serial "echo shown-$word\n"
when serial "grub>" : serial "echo drawn-$word\n"
SCRIPT
boot graphics --input "$work/graphics.script" --until-serial "shown-works" --screenshot "$work/graphics.png"
head=$(od -An -tx1 -N24 "$work/graphics.png" | tr -d ' \n')
[ "$head" = 89504e470d0a1a0a0000000d494844520000032000000258 ] || fail "the graphics screenshot begins with $head"
boot drawn --input "$work/graphics.script" --until-serial "drawn-works" --screenshot "$work/drawn.png"
if cmp -s "$work/graphics.png" "$work/drawn.png"; then fail "what GRUB draws is not shown"; fi

part "the same hash: again, in the debugger, from a snapshot, with another output"
wanted=$(figure state_hash "$work/serial.log")
boot again --input "$work/serial.script" --until-serial "last-works" --debugcon "file:$work/debugcon"
same "a second run" "$wanted" "$(figure state_hash "$work/again.log")"
boot onward --restore "$work/menu.snap" --until-screen "for a command-line" --screenshot "$work/menu.png"
boot straight --until-screen "for a command-line"
same "on from the snapshot" "$(figure state_hash "$work/straight.log")" "$(figure state_hash "$work/onward.log")"
"$RINGWALK" debug --hda "$work/grub.img" -e 'break 1234:5678; watch 0x9f000 4; until serial "second entry"; hash' \
  > "$work/idle.log" 2>&1 || fail "the debugger: status $?"
same "with an idle debugger" "$(figure state_hash "$work/menu.log")" "$(tail -n 1 "$work/idle.log")"

part "a session in the debugger"
(cd "$work" && "$RINGWALK" debug -x "$here/debug.script" --hda grub.img > session.log 2>&1) || fail "the session: status $?"
for text in 'breakpoint 1 at 0000:7c00' 'real mode, 16-bit code' '55 aa' 'the condition holds' \
  'protected mode, 16-bit code' 'limit ffffffff code32 rx DPL 0' 'protected mode, 32-bit code' 'COM1 sent the text' \
  'first entry'; do
  holds "$work/session.log" "$text"
done
mapfile -t hashes < <(grep -E '^[0-9a-f]{64}$' "$work/session.log")
[ ${#hashes[@]} = 5 ] || fail "the session has ${#hashes[@]} hashes instead of 5"
same "restored" "${hashes[0]}" "${hashes[2]}"
same "on from there" "${hashes[1]}" "${hashes[3]}"

part "the laws over the boot"
RINGWALK_GRUB=$work/grub.img cargo test --quiet --test long > "$work/laws.log" 2>&1 || fail "a law is broken"
holds "$work/laws.log" "test result: ok"

[ "$sum" = "$(sha256sum < "$work/grub.img")" ] || fail "the disk image was written to"
part "GRUB: all well, in $SECONDS seconds"
