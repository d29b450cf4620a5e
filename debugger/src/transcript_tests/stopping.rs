//! Sessions with breakpoints and watchpoints of every kind.

use super::{COUNTING, first_lines, transcript, transcript_brief};
use crate::fake::Fake;

#[test]
fn breakpoints_on_what_happens_forward_and_backward() {
    // int 21h; mov al,5; out 60h,al; in al,64h; mov ax,cs; mov ds,ax; xor dx,dx; div dl
    let code = [0xCD, 0x21, 0xB0, 0x05, 0xE6, 0x60, 0xE4, 0x64, 0x8C, 0xC8, 0x8E, 0xD8, 0x31, 0xD2, 0xF6, 0xF2, 0xF4];
    let mut fake = Fake::with_code(&code);
    fake.poke(0x84, &[0x00, 0x06, 0x00, 0x00]);
    fake.poke(0, &[0x10, 0x06, 0x00, 0x00]);
    fake.poke(0x600, &[0x90, 0xCF]);
    fake.poke(0x610, &[0xF4]);
    let typed = [
        "break port 0x60 8 w",
        "break port 0x64 if al == 0xff",
        "break exception de",
        "break int 0x21 ignore 0",
        "break segment 0",
        "break interrupt 300",
        "break port",
        "break cr3 w",
        "tbreak mode",
        "break cpl 3",
        "break tlb 0x7c00",
        "break msr 0x1b",
        "break mmio 0xb8000 4000",
        "c",
        "c",
        "c",
        "c",
        "c",
        "c",
        "rc",
        "rc",
        "rc",
        "goto end",
        "events",
        "events port 0x60 8, segment most 2",
        "events nonsense",
    ];
    insta::assert_snapshot!(transcript_brief(&mut fake, &typed), @r"
    ringwalk> break port 0x60 8 w
    break 1  port 0x60, 8 of them written
    ringwalk> break port 0x64 if al == 0xff
    break 2  port 0x64 read or written  if al == 0xff
    ringwalk> break exception de
    break 3  exception #DE divide error
    ringwalk> break int 0x21 ignore 0
    break 4  software interrupt 0x21
    ringwalk> break segment 0
    break 5  load of selector 0x0
    ringwalk> break interrupt 300
    error: a number up to 255 was meant (column 14 of `interrupt 300`)
    ringwalk> break port
    error: the number of a port is missing (column 5 of `port`)
    ringwalk> break cr3 w
    error: this is more than the command takes (column 5 of `cr3 w`)
    ringwalk> tbreak mode
    break 6  change of mode  once
    ringwalk> break cpl 3
    break 7  change to CPL 3
    ringwalk> break tlb 0x7c00
    break 8  TLB fill 0x7000
    ringwalk> break msr 0x1b
    break 9  write of MSR 0x1b
    ringwalk> break mmio 0xb8000 4000
    break 10  device memory 000b8000, 4000 bytes read or written
    ringwalk> c
    breakpoint 4: software interrupt 21h at 0000:7c00 int 0x21  [position 1, retired 1]
    ringwalk> c
    breakpoint 5: cs <- 0000 at 0000:0601 iret  [position 3, retired 3]
    ringwalk> c
    breakpoint 1: port 060 written: 05 at 0000:7c04 out 0x60, al  [position 5, retired 5]
    ringwalk> c
    breakpoint 2: port 064 read: ff at 0000:7c06 in al, 0x64  [position 6, retired 6]
    ringwalk> c
    breakpoint 5: ds <- 0000 at 0000:7c0a mov ds, ax, hit twice  [position 8, retired 8]
    ringwalk> c
    breakpoint 3: exception #DE divide error at 0000:7c0e div dl  [position 11, retired 9]
    ringwalk> rc
    breakpoint 5: ds <- 0000 at 0000:7c0a mov ds, ax, hit twice  [position 8, retired 8]
    ringwalk> rc
    breakpoint 2: port 064 read: ff at 0000:7c06 in al, 0x64  [position 6, retired 6]
    ringwalk> rc
    breakpoint 1: port 060 written: 05 at 0000:7c04 out 0x60, al  [position 5, retired 5]
    ringwalk> goto end
    gone there  [position 11, retired 9]
    ringwalk> events
              11  exception #DE divide error at 0000:7c0e div dl
    `goto 11` goes to the last, and so to each
    ringwalk> events port 0x60 8, segment most 2
    what was before is left out: ask with `most N`
               8  ds <- 0000 at 0000:7c0a mov ds, ax
              11  ss <- 0000 at 0000:7c0e div dl
    `goto 11` goes to the last, and so to each
    ringwalk> events nonsense
    error: one of interrupt, int, exception, port, mmio, cr, cr3, msr, cpl, mode, task, segment, tlb, screen was meant (column 1 of `nonsense`)
    ");
}

#[test]
fn breakpoints_in_every_space_with_conditions_and_counts() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "break",
        "break 0000:7c20 if cx == 2",
        "b *0x7c06 ignore 1",
        "pb 0x7c09",
        "tbreak lin 0x7c0f",
        "continue",
        "c",
        "c",
        "c",
        "info break",
        "c",
        "info break",
        "delete 2 3",
        "disable",
        "condition 1",
        "ignore 1 7",
        "enable 1",
        "delete 9",
        "delete",
    ];
    let text: String = transcript(&mut fake, &typed)
        .lines()
        .filter(|line| {
            ["ringwalk", "break", "tbreak", "error", "no ", "deleted", "halted"]
                .iter()
                .any(|word| line.starts_with(word))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    insta::assert_snapshot!(text, @r"
    ringwalk> break
    no breakpoints; `break ADDR` or `watch ADDR` sets one
    ringwalk> break 0000:7c20 if cx == 2
    break 1  0000:7c20  if cx == 2
    ringwalk> b *0x7c06 ignore 1
    break 2  lin 00007c06  ignores the next 1
    ringwalk> pb 0x7c09
    break 3  phys 00007c09
    ringwalk> tbreak lin 0x7c0f
    break 4  lin 00007c0f  once
    ringwalk> continue
    breakpoint 1 at 0000:7c20  [position 8, retired 8]
    ringwalk> c
    breakpoint 2 at lin 00007c06, hit twice  [position 11, retired 11]
    ringwalk> c
    breakpoint 2 at lin 00007c06, hit 3 times  [position 17, retired 17]
    ringwalk> c
    breakpoint 3 at phys 00007c09  [position 19, retired 19]
    ringwalk> info break
    break 1  0000:7c20  if cx == 2  hit once
    break 2  lin 00007c06  hit 3 times
    break 3  phys 00007c09  hit once
    break 4  lin 00007c0f  once
    ringwalk> c
    breakpoint 4 at lin 00007c0f  [position 20, retired 20]
    ringwalk> info break
    break 1  0000:7c20  if cx == 2  hit once
    break 2  lin 00007c06  hit 3 times
    break 3  phys 00007c09  hit once
    ringwalk> delete 2 3
    break 1  0000:7c20  if cx == 2  hit once
    ringwalk> disable
    break 1  0000:7c20  if cx == 2  hit once  disabled
    ringwalk> condition 1
    break 1  0000:7c20  hit once  disabled
    ringwalk> ignore 1 7
    break 1  0000:7c20  ignores the next 7  hit once  disabled
    ringwalk> enable 1
    break 1  0000:7c20  ignores the next 7  hit once
    ringwalk> delete 9
    error: there is no breakpoint or watchpoint 9; `info break` lists them
    ringwalk> delete
    deleted all 1
    ");
}

#[test]
fn watchpoints_show_old_and_new_values() {
    let mut fake = Fake::with_code(&COUNTING);
    fake.poke(0x500, &[0xAA, 0xBB]);
    let typed = [
        "watch 0000:0501 byte",
        "watch phys 0x6ffe 2 rw",
        "watch 0x500 word if cx == 9",
        "c",
        "c",
        "delete 2",
        "c",
        "info break",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    watch 0000:0501 byte: watch 1  write lin 00000501, 1 byte
    watch phys 0x6ffe 2 rw: watch 2  read/write phys 00006ffe, 2 bytes
    watch 0x500 word if cx == 9: watch 3  write lin 00000500, 2 bytes  if cx == 9
    c: write watch 2: phys 00006ffe 0000 -> 7c06 by 0000:7c03 call 0x7c20  [position 2, retired 2]
    c: read watch 2: lin 00006ffe = 7c06 by 0000:7c22 ret  [position 5, retired 5]
    delete 2: watch 1  write lin 00000501, 1 byte
    c: write watch 1: lin 00000501 bb -> 12 by 0000:7c09 mov word [0x500], 0x1234  [position 20, retired 20]
    info break: watch 1  write lin 00000501, 1 byte  hit once
    ");
}

#[test]
fn a_breakpoint_right_after_a_watched_write_is_not_missed() {
    let mut fake = Fake::with_code(&COUNTING);
    insta::assert_snapshot!(first_lines(&mut fake, &["b 0:7c0f", "watch 0x500 2", "c", "c", "p ip"]), @r"
    b 0:7c0f: break 1  0000:7c0f
    watch 0x500 2: watch 2  write lin 00000500, 2 bytes
    c: write watch 2: lin 00000500 0000 -> 1234 by 0000:7c09 mov word [0x500], 0x1234  [position 20, retired 20]
    c: breakpoint 1 at 0000:7c0f  [position 20, retired 20]
    p ip: 0x7c0f = 31759
    ");
    let mut fake = Fake::with_code(&COUNTING);
    insta::assert_snapshot!(first_lines(&mut fake, &["b 0:7c0f", "watch 0x500 2 if cx == 77", "c", "p ip"]), @r"
    b 0:7c0f: break 1  0000:7c0f
    watch 0x500 2 if cx == 77: watch 2  write lin 00000500, 2 bytes  if cx == 77
    c: breakpoint 1 at 0000:7c0f  [position 20, retired 20]
    p ip: 0x7c0f = 31759
    ");
}
