#!/usr/bin/env bash
# Debian's kernels with busybox, started by --kernel and by GRUB from CD and disk: a shell on the serial line, figures
# that the host's busybox gives too, a snapshot taken at the prompt, power off. The amd64 kernel has no complaint about
# AMD's models. The packages come by apt; needs a host that runs Debian's amd64 programs, and grub-mkrescue with
# grub-pc-bin, xorriso and mtools. RINGWALK names the program; without it the release build is made. RINGWALK_PACKAGES
# names a folder that keeps the packages. Arguments choose widths: i386 amd64; without any, i386. Both widths take about
# eight minutes, so CI does not run it.
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
mkdir -p "$packages"
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for log in "$work"/*.log; do printf '\n== %s\n' "$log" && tail -n 30 "$log" | tail -c 2000 | cat -v; done >&2
  exit 1
}
figure() { tail -n 1 "$2" | sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }

# apt with lists of its own, so that the host's architectures stay as they are.
private_apt() {
  local tool=$1
  shift
  "$tool" -o APT::Architectures::=amd64 -o APT::Architectures::=i386 -o "Dir::State::lists=$work/lists" \
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User= "$@"
}
fetch() {
  ls "$packages"/linux-image-*_i386.deb "$packages"/linux-image-*_amd64.deb "$packages"/busybox-static_*_i386.deb \
    "$packages"/busybox-static_*_amd64.deb > /dev/null 2>&1 && return
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  # A mirror may be in the middle of a change; the packages' own sums are checked.
  private_apt apt-get -qq update > "$work/update.log" 2>&1 || true
  local kernels
  kernels=$(private_apt apt-cache depends linux-image-686:i386 linux-image-amd64:amd64 |
    sed -n 's/^ *Depends: *\(linux-image-[^ ]*\).*/\1/p')
  # shellcheck disable=SC2086  # a list of names
  (cd "$packages" && private_apt apt-get -qq download busybox-static:i386 busybox-static:amd64 $kernels) \
    > "$work/download.log" 2>&1 || fail "the packages cannot be fetched"
}
# member PACKAGE PATTERN FILE: takes one file out of a package.
member() {
  local to=$work/member
  rm -rf "$to" && mkdir "$to"
  dpkg-deb --fsys-tarfile "$1" | tar -x -C "$to" --wildcards "$2"
  cp "$(find "$to" -type f | head -n 1)" "$3"
}

cat > "$work/rc" << 'RC'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
echo "in user space: $(uname -rm)"
RC
printf '::sysinit:/etc/rc\nttyS0::respawn:-/bin/sh\n' > "$work/inittab"
# What guest and host compute: lines that begin with "result".
cat > "$work/work" << 'WORK'
seq 1 20000 > /tmp/numbers
echo "result sha256 $(sha256sum < /tmp/numbers)"
gzip -c /tmp/numbers > /tmp/numbers.gz
echo "result gzip $(gunzip -c /tmp/numbers.gz | md5sum) $(wc -c < /tmp/numbers.gz)"
echo "result sort $(sort -r /tmp/numbers | md5sum) $(sort -rn /tmp/numbers | head -n 1)"
echo "result bc $(echo '2^127-1; scale=30; 4*a(1); e(1); sqrt(2)' | bc -l | tr '\n' ' ')"
echo "result awk $(awk 'BEGIN { for (i = 1; i < 2000; i++) s += 1 / (i * i); printf "%.12f %.6f", s, 1e10 / 3 }')"
i=0; while [ $i -lt 20 ]; do true | cat; i=$((i + 1)); done
echo "result forks $i"
WORK
# initramfs WIDTH: /init, a shell on the serial line, and what it computes.
initramfs() {
  local root=$work/root-$1
  mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp}
  member "$packages"/busybox-static_*_"$1".deb '*bin/busybox' "$root/bin/busybox"
  chmod 755 "$root/bin/busybox"
  printf '#!/bin/busybox sh\n/bin/busybox --install -s\nexec /sbin/init\n' > "$root/init"
  cp "$work/rc" "$root/etc/rc"
  cp "$work/inittab" "$root/etc/inittab"
  cp "$work/work" "$root/work"
  chmod 755 "$root/init" "$root/etc/rc"
  (cd "$root" && find . | LC_ALL=C sort | "$work/busybox" cpio -o -H newc) > "$work/initrd-$1" 2> "$work/cpio.log"
}
# run NAME OPTION...: what it sent goes to NAME.serial.log, what it told to NAME.log.
run() {
  local name=$1
  shift
  "$RINGWALK" run --serial stdio --display none --timeout 300 --stats json "$@" \
    < /dev/null > "$work/$name.serial.log" 2> "$work/$name.log" || fail "$name: status $?"
  printf '   %-12s %6.1f s  %12s instructions  %7s MIPS\n' "$name" "$(figure host_seconds "$work/$name.log")" \
    "$(figure instructions "$work/$name.log")" "$(figure mips "$work/$name.log")"
}
results() { tr -d '\r' < "$1" | grep -a '^result' || true; }
# calm FILE: nothing that a kernel prints when the machine is not as it should be.
calm() {
  local words='BUG|WARNING|Oops|Call Trace|panic|invalid opcode|nobody cared|unchecked MSR|not responding|[Ff]irmware [Bb]ug'
  words+='|Unable to init MCE|serial8250: ttyS|perfctr msr'
  # Zen's own defect, which a microcode update mends.
  if grep -aE "$words" "$1" | grep -avF "Speculative Return Stack Overflow" > "$work/complaints"; then
    fail "complaints: $(head -n 3 "$work/complaints")"
  fi
}

fetch
member "$packages"/busybox-static_*_amd64.deb '*bin/busybox' "$work/busybox"
chmod 755 "$work/busybox"
mkdir -p "$work/host/bin"
"$work/busybox" --install -s "$work/host/bin"
sed "s,/tmp/,$work/host/,g" "$work/work" > "$work/host/script"
PATH=$work/host/bin "$work/busybox" sh "$work/host/script" | grep '^result' > "$work/wanted"
typed=$work/typed.script
cat > "$typed" << 'SCRIPT'
when serial "/ #" : serial "sh /work\n"
when serial "result forks" : serial "dmesg | wc -l\n"
when serial "/ #" : serial "poweroff\n"
SCRIPT
boot() {
  local width=$1 tree=$work/tree-$1
  printf -- '-- %s\n' "$width"
  member "$packages"/linux-image-*_"$width".deb './boot/vmlinuz*' "$work/vmlinuz-$width"
  initramfs "$width"
  local direct=(--kernel "$work/vmlinuz-$width" --initrd "$work/initrd-$width" --append "console=ttyS0,115200" --mem 192M)
  run "$width-prompt" "${direct[@]}" --until-serial "/ #" --save "$work/$width.snap"
  # A new process, without the kernel's files.
  run "$width-work" --restore "$work/$width.snap" --input "$work/rest.script"
  results "$work/$width-work.serial.log" > "$work/found"
  cmp -s "$work/wanted" "$work/found" || fail "$width: other results: $(diff "$work/wanted" "$work/found" | head -n 6)"
  calm "$work/$width-prompt.serial.log"
  calm "$work/$width-work.serial.log"

  mkdir -p "$tree/boot/grub"
  cp "$work/vmlinuz-$width" "$tree/boot/vmlinuz"
  cp "$work/initrd-$width" "$tree/boot/initrd"
  cat > "$tree/boot/grub/grub.cfg" << 'CFG'
serial --unit=0 --speed=115200
terminal_output serial
linux /boot/vmlinuz console=ttyS0,115200 quiet
initrd /boot/initrd
boot
CFG
  grub-mkrescue -o "$work/$width.iso" "$tree" > "$work/mkrescue.log" 2>&1 || fail "grub-mkrescue"
  run "$width-cd" --cdrom "$work/$width.iso" --mem 192M --input "$typed"
  results "$work/$width-cd.serial.log" | cmp -s "$work/wanted" - || fail "$width from CD: other results"
  RINGWALK_KERNEL=$work/vmlinuz-$width RINGWALK_INITRD=$work/initrd-$width cargo test --quiet --test linux \
    > "$work/laws.log" 2>&1 || fail "$width: a law is broken"
  grep -qF "test result: ok" "$work/laws.log" || fail "$width: no law was tested"
  run "$width-disk" --hda "$work/$width.iso" --mem 192M --until-serial "/ #"
  [ "$width" = amd64 ] || return 0
  local model
  for model in k8-f fam10h bulldozer zen; do
    run "$model" "${direct[@]}" --cpu "$model" --until-serial "/ #"
    calm "$work/$model.serial.log"
  done
}
# At the prompt of the snapshot nothing more is sent until something is typed.
{ printf 'at 0 : serial "sh /work\\n"\n'; tail -n +2 "$typed"; } > "$work/rest.script"
for width in "${@:-i386}"; do boot "$width"; done
printf -- '-- Linux: all well, in %s seconds\n' "$SECONDS"
