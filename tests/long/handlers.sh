#!/usr/bin/env bash
# The fast tier's handlers as the release build has them: each ends in a jump, and none calls. Needs objdump (binutils).
# RINGWALK names the program; without it the release build is made.
#
# A handler is what the source in cpu/src/fast says returns the next slot (`-> *const Insn`). Rules, and why:
# - None calls, unless it is marked `#[inline(never)]` itself, as a way aside that is seldom taken, or its body names a
#   function of its own file that is marked so and returns something else: the canonical handler, the bus, the profile.
#   Those come back, so the stack does not grow.
# - `ret` only with null in its hand: that leaves the chain of traces. Whatever goes on, jumps.
# - Who pushes registers pops as many before each jump: an addition in memory needs more registers than the calling
#   convention leaves free. Plain moves to registers, branches and addresses push nothing unless they begin a
#   sequence (cpu/src/fast/chains.rs) or both read memory and ask flags; a store of a byte may, since which part of
#   which register is meant takes two more.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ "$(uname -m)" != x86_64 ]; then
  echo "handlers: the rules are written for x86_64; nothing is looked at here"
  exit 0
fi
if [ -z "${RINGWALK:-}" ]; then
  cargo build --release --quiet
  RINGWALK=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/ringwalk
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# module::name, and whether it may call.
for file in cpu/src/fast/*.rs; do
  module=$(basename "$file" .rs)
  awk -v module="$module" '
    /#\[inline\(never\)\]/ { aside = 1 }
    /^ *(pub(\([a-z]+\))? )?(const )?(unsafe )?fn / {
      name = $0; sub(/.*fn /, "", name); sub(/[<(].*/, "", name)
      head = ""; opened = 0
    }
    name != "" && !opened {
      head = head $0
      if ($0 ~ /\{$/ || $0 ~ /;$/) {
        opened = 1
        is_handler = head ~ /-> \*const Insn \{$/
        if (is_handler) { handlers[name] = ""; sides[name] = aside }
        else if (aside) never[name] = 1
        aside = 0
      }
      next
    }
    opened && is_handler { handlers[name] = handlers[name] $0 "\n" }
    /^}/ { name = ""; opened = 0; is_handler = 0 }
    END {
      for (handler in handlers) {
        may = sides[handler] ? "calls" : "plain"
        for (other in never) if (handlers[handler] ~ "[^a-z_.]" other "(::<|\\()") may = "calls"
        print module "::" handler, may
      }
    }' "$file"
done > "$work/handlers"

objdump -d --no-show-raw-insn -C "$RINGWALK" > "$work/code"
awk '
  FNR == NR { kind[$1] = $2; next }
  function judge(  plain) {
    if (!looked) return
    total++
    if (jumps == 0 && rets == 0) print "FAILED: " full " has no end"
    if (pushes > 0) {
      pushing++
      if (pops % pushes != 0 && kind[short] != "calls") print "FAILED: " full " pushes " pushes " and pops " pops
      plain = short ~ /^(moves::(mov_r|lea|nop|extend|setcc|cmov(_64)?$|cbw|cwd)|branch::(jcc|jmp|loop|jcxz)|alu::(r|imul_rr)$)/
      if (plain && !sequence && kind[short] != "calls") print "FAILED: " full " pushes registers"
    }
  }
  /^[0-9a-f]+ </ {
    judge()
    full = $0; sub(/^[0-9a-f]+ </, "", full); sub(/>:$/, "", full)
    short = full; sub(/::h[0-9a-f]+$/, "", short); sub(/^<?ringwalk_cpu::fast::/, "", short); sub(/<.*/, "", short)
    sub(/::$/, "", short)
    looked = full ~ /^<?ringwalk_cpu::fast::/ && short in kind
    if (looked) seen[short] = 1
    jumps = rets = pushes = pops = zeroed = sequence = 0
    next
  }
  looked && /\t/ {
    split($0, parts, "\t"); code = parts[2]; split(code, words, " "); op = words[1]
    if (op ~ /^call/ && kind[short] != "calls") print "FAILED: " full ": " code
    if (op == "ret" && !zeroed && kind[short] != "calls") print "FAILED: " full " returns something"
    if (op == "ret") rets++
    if (op == "jmp") jumps++
    if (op == "push") pushes++
    # What looks at a slot behind the next one has several instructions in it.
    if (code ~ /[ ,]0x[4-9a-f][0-9a-f]\(%r(dx|cx|8|9|1[01])\)/) sequence = 1
    # And so has what goes on two slots further.
    if (code ~ /^add +\$0x[4-9a-f][0-9a-f],%rdx/) sequence = 1
    if (op == "pop") pops++
    if (op == "sub" && code ~ /,%rsp/ && kind[short] != "calls") print "FAILED: " full " takes room on the stack"
    if (op == "xor" && code ~ /%eax,%eax/) zeroed = 1
    else if (op != "pop" && op != "ret" && op !~ /^(add|lea)$/) zeroed = 0
  }
  END {
    judge()
    names = 0; for (name in seen) names++
    printf "handlers: %d functions of %d names, %d of them save registers\n", total, names, pushing
    if (total < 500 || names < 40) print "FAILED: too few handlers were found: has the program its symbols?"
  }' "$work/handlers" "$work/code" > "$work/found"
cat "$work/found"
! grep -q '^FAILED' "$work/found"
