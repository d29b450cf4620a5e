//! Sessions as their users see them.

use std::io::Write as _;

use ringwalk_cpu::flags::IF;
use ringwalk_cpu::float::Extended;
use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::{Activity, CR0_PE, TableRegister};
use ringwalk_mmu::{Instant, Signals};

use crate::commands::{COMMANDS, Run, TOPICS};
use crate::fake::Fake;
use crate::front::{batch, lines};
use crate::register::descriptor_of;
use crate::session::{Flow, Options, Session};

/// What a user sees of these lines.
fn transcript(fake: &mut Fake, typed: &[&str]) -> String {
    transcript_with(fake, Options::default(), typed)
}

fn transcript_with(fake: &mut Fake, options: Options, typed: &[&str]) -> String {
    let mut session = Session::new(fake, options).unwrap();
    let mut out = Vec::new();
    for line in typed {
        writeln!(out, "ringwalk> {line}").unwrap();
        match session.exec(line, &mut out).unwrap() {
            Flow::On => (),
            Flow::Failed(error) => writeln!(out, "error: {error}").unwrap(),
            Flow::Quit => writeln!(out, "(left)").unwrap(),
        }
    }
    String::from_utf8(out).unwrap()
}

/// As [`transcript`], with the first line only of a context.
fn transcript_brief(fake: &mut Fake, typed: &[&str]) -> String {
    let all = transcript(fake, typed);
    let mut brief = String::new();
    let mut context = false;
    for line in all.lines() {
        context = (context || line.starts_with("real mode")) && !line.starts_with("ringwalk>");
        if !context {
            brief.push_str(line);
            brief.push('\n');
        }
    }
    brief
}

/// The first line of each answer.
fn first_lines(fake: &mut Fake, typed: &[&str]) -> String {
    let mut session = Session::new(fake, Options::default()).unwrap();
    let mut all = String::new();
    for line in typed {
        let mut out = Vec::new();
        let text = match session.exec(line, &mut out).unwrap() {
            Flow::Failed(error) => format!("error: {error}"),
            _ => String::from_utf8(out).unwrap(),
        };
        all.push_str(&format!("{line}: {}\n", text.lines().next().unwrap_or("(nothing)")));
    }
    all
}

/// mov cx,3; again: call sub; dec cx; jnz again; mov word [500h],1234h; hlt ... 7c20: sub: push cx; pop cx; ret
const COUNTING: [u8; 0x23] = {
    let mut code = [0x90; 0x23];
    let start = [0xB9, 0x03, 0x00, 0xE8, 0x1A, 0x00, 0x49, 0x75, 0xFA, 0xC7, 0x06, 0x00, 0x05, 0x34, 0x12, 0xF4];
    let mut at = 0;
    while at < start.len() {
        code[at] = start[at];
        at += 1;
    }
    (code[0x20], code[0x21], code[0x22]) = (0x51, 0x59, 0xC3);
    code
};

#[test]
fn stepping_shows_what_changed() {
    let mut fake = Fake::with_code(&COUNTING);
    insta::assert_snapshot!(transcript(&mut fake, &["context", "s", "step 2", "", "out"]), @r"
    ringwalk> context
    stopped  [position 0, retired 0]
    real mode, 16-bit code, CPL 0, paging off, A20 on
    eax 00000000   ebx 00000000   ecx 00000000   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000
    cs 0000   ss 0000   ds 0000   es 0000   fs 0000   gs 0000
    eip 00007c00   eflags 00000002  of df if tf sf zf af pf cf
    => 0000:7c00  b90300          mov cx, 3
       0000:7c03  e81a00          call 0x7c20
       0000:7c06  49              dec cx
       0000:7c07  75fa            jne 0x7c03
       0000:7c09  c70600053412    mov word [0x500], 0x1234
    stack 0000:7000  0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000
    ringwalk> s
    stepped  [position 1, retired 1]
    real mode, 16-bit code, CPL 0, paging off, A20 on
    eax 00000000   ebx 00000000   ecx 00000003*  edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000
    cs 0000   ss 0000   ds 0000   es 0000   fs 0000   gs 0000
    eip 00007c03*  eflags 00000002  of df if tf sf zf af pf cf
    => 0000:7c03  e81a00          call 0x7c20
       0000:7c06  49              dec cx
       0000:7c07  75fa            jne 0x7c03
       0000:7c09  c70600053412    mov word [0x500], 0x1234
       0000:7c0f  f4              hlt
    stack 0000:7000  0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000
    ringwalk> step 2
    stepped  [position 3, retired 3]
    real mode, 16-bit code, CPL 0, paging off, A20 on
    eax 00000000   ebx 00000000   ecx 00000003   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00006ffc*
    cs 0000   ss 0000   ds 0000   es 0000   fs 0000   gs 0000
    eip 00007c21*  eflags 00000002  of df if tf sf zf af pf cf
    => 0000:7c21  59              pop cx
       0000:7c22  c3              ret
       0000:7c23  0000            add [bx+si], al
       0000:7c25  0000            add [bx+si], al
       0000:7c27  0000            add [bx+si], al
    stack 0000:6ffc  0003 7c06 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000
    ringwalk> 
    stepped  [position 5, retired 5]
    real mode, 16-bit code, CPL 0, paging off, A20 on
    eax 00000000   ebx 00000000   ecx 00000003   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000*
    cs 0000   ss 0000   ds 0000   es 0000   fs 0000   gs 0000
    eip 00007c06*  eflags 00000002  of df if tf sf zf af pf cf
    => 0000:7c06  49              dec cx
       0000:7c07  75fa            jne 0x7c03
       0000:7c09  c70600053412    mov word [0x500], 0x1234
       0000:7c0f  f4              hlt
       0000:7c10  90              nop
    stack 0000:7000  0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000
    ringwalk> out
    halted for good: HLT with nothing that can wake the processor  [position 21, retired 21]
    real mode, 16-bit code, CPL 0, paging off, A20 on, halted
    eax 00000000   ebx 00000000   ecx 00000000*  edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000
    cs 0000   ss 0000   ds 0000   es 0000   fs 0000   gs 0000
    eip 00007c10*  eflags 00000046  of df if tf sf ZF* af PF* cf
    => 0000:7c10  90              nop
       0000:7c11  90              nop
       0000:7c12  90              nop
       0000:7c13  90              nop
       0000:7c14  90              nop
    stack 0000:7000  0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000
    ");
}

#[test]
fn next_runs_through_calls_and_out_returns() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = ["next", "next", "", "step", "step", "out", "until 0000:7c09", "next 2", "next", "step"];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    next: stepped  [position 1, retired 1]
    next: stepped  [position 5, retired 5]
    : stepped  [position 6, retired 6]
    step: stepped  [position 7, retired 7]
    step: stepped  [position 8, retired 8]
    out: returned to 0000:7c06  [position 11, retired 11]
    until 0000:7c09: reached 0000:7c09  [position 19, retired 19]
    next 2: halted: the next step idles until an event  [position 21, retired 21]
    next: halted for good: HLT with nothing that can wake the processor  [position 21, retired 21]
    step: halted for good: HLT with nothing that can wake the processor  [position 21, retired 21]
    ");
}

#[test]
fn next_runs_through_recursion_interrupts_and_rep() {
    // 7c00: int 21h; mov cx,5; rep stosb
    let mut fake = Fake::with_code(&[0xCD, 0x21, 0xB9, 0x05, 0x00, 0xF3, 0xAA, 0x90]);
    fake.poke(0x84, &[0x00, 0x06, 0x00, 0x00]);
    fake.poke(0x600, &[0x90, 0xCF]);
    fake.cpu.gpr[7] = 0x500;
    insta::assert_snapshot!(first_lines(&mut fake, &["step", "out", "n", "step", "step", "n"]), @r"
    step: stepped  [position 1, retired 1]
    out: returned to 0000:7c02  [position 3, retired 3]
    n: stepped  [position 4, retired 4]
    step: one iteration of a repeated instruction  [position 5, retired 4]
    step: one iteration of a repeated instruction  [position 6, retired 4]
    n: stepped  [position 9, retired 5]
    ");
    // 7c00: dec dx; jz 7c06; call 7c00; 7c06: ret
    let mut fake = Fake::with_code(&[0x4A, 0x74, 0x03, 0xE8, 0xFA, 0xFF, 0xC3]);
    fake.cpu.gpr[2] = 4;
    insta::assert_snapshot!(first_lines(&mut fake, &["s 2", "n", "p sp", "p dx"]), @r"
    s 2: stepped  [position 2, retired 2]
    n: stepped  [position 14, retired 14]
    p sp: 0x7000 = 28672
    p dx: 0x0 = 0
    ");
}

#[test]
fn the_way_back_is_the_way_there() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "until 0000:7c09",
        "rs",
        "p ip",
        "rs 3",
        "step 4",
        "reverse-next",
        "rn",
        "p ip",
        "rn",
        "p ip",
        "goto 8",
        "reverse-finish",
        "p ip",
        "goto 50%",
        "goto -2",
        "goto end",
        "timeline",
        "rs 1000",
        "rs",
        "goto 101%",
        "timeline nowhere",
        "verify x",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    until 0000:7c09: reached 0000:7c09  [position 19, retired 19]
    rs: back one step  [position 18, retired 18]
    p ip: 0x7c07 = 31751
    rs 3: back 3 steps  [position 15, retired 15]
    step 4: stepped  [position 19, retired 19]
    reverse-next: back over one instruction  [position 18, retired 18]
    rn: back over one instruction  [position 17, retired 17]
    p ip: 0x7c06 = 31750
    rn: back over one instruction  [position 13, retired 13]
    p ip: 0x7c03 = 31747
    goto 8: gone there  [position 8, retired 8]
    reverse-finish: back to where this was called  [position 7, retired 7]
    p ip: 0x7c03 = 31747
    goto 50%: gone there  [position 9, retired 9]
    goto -2: gone there  [position 7, retired 7]
    goto end: gone there  [position 19, retired 19]
    timeline: from 0 to 19, the machine is at 19 (100.0%)
    rs 1000: the history begins here  [position 0, retired 0]
    rs: the history begins here  [position 0, retired 0]
    goto 101%: error: a number, a register or an address is missing (column 5 of `101%`)
    timeline nowhere: error: no history is kept, so there is no way back: start with --history SIZE
    verify x: error: `x` is neither a number nor a register (column 1 of `x`)
    ");
}

#[test]
fn a_rep_instruction_and_a_handler_are_taken_back_as_one() {
    // 7c00: int 21h; mov cx,5; rep stosb
    let mut fake = Fake::with_code(&[0xCD, 0x21, 0xB9, 0x05, 0x00, 0xF3, 0xAA, 0x90]);
    fake.poke(0x84, &[0x00, 0x06, 0x00, 0x00]);
    fake.poke(0x600, &[0x90, 0xCF]);
    fake.cpu.gpr[7] = 0x500;
    let typed = [
        "s 9",
        "rs",
        "p cx",
        "rs instruction",
        "p cx",
        "goto 9",
        "rn",
        "rn",
        "rn",
        "p ip",
        "goto 2",
        "rs event",
        "rs in",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    s 9: stepped  [position 9, retired 5]
    rs: back one step  [position 8, retired 4]
    p cx: 0x1 = 1
    rs instruction: back one step  [position 4, retired 4]
    p cx: 0x5 = 5
    goto 9: gone there  [position 9, retired 5]
    rn: back over one instruction  [position 4, retired 4]
    rn: back over one instruction  [position 3, retired 3]
    rn: back over one instruction  [position 0, retired 0]
    p ip: 0x7c00 = 31744
    goto 2: gone there  [position 2, retired 2]
    rs event: the history begins here  [position 0, retired 0]
    rs in: the history begins here  [position 0, retired 0]
    ");
}

#[test]
fn reverse_continue_meets_what_continue_meets() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "break 0000:7c06",
        "watch 0x500 word",
        "break 0000:7c20 if cx == 2",
        "c",
        "c",
        "c",
        "c",
        "c",
        "c",
        "rc",
        "rc",
        "rc",
        "c",
        "goto end",
        "ignore 1 2",
        "rc",
        "rc",
        "info break",
        "rc",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    break 0000:7c06: break 1  0000:7c06
    watch 0x500 word: watch 2  write lin 00000500, 2 bytes
    break 0000:7c20 if cx == 2: break 3  0000:7c20  if cx == 2
    c: breakpoint 1 at 0000:7c06  [position 5, retired 5]
    c: breakpoint 3 at 0000:7c20  [position 8, retired 8]
    c: breakpoint 1 at 0000:7c06, hit twice  [position 11, retired 11]
    c: breakpoint 1 at 0000:7c06, hit 3 times  [position 17, retired 17]
    c: write watch 2: lin 00000500 0000 -> 1234 by 0000:7c09 mov word [0x500], 0x1234  [position 20, retired 20]
    c: halted for good: HLT with nothing that can wake the processor  [position 21, retired 21]
    rc: write watch 2: lin 00000500 0000 -> 1234 by 0000:7c09 mov word [0x500], 0x1234  [position 20, retired 20]
    rc: breakpoint 1 at 0000:7c06, hit 4 times  [position 17, retired 17]
    rc: breakpoint 1 at 0000:7c06, hit 5 times  [position 11, retired 11]
    c: breakpoint 1 at 0000:7c06, hit 6 times  [position 17, retired 17]
    goto end: gone there  [position 21, retired 21]
    ignore 1 2: break 1  0000:7c06  ignores the next 2  hit 6 times
    rc: write watch 2: lin 00000500 0000 -> 1234 by 0000:7c09 mov word [0x500], 0x1234  [position 20, retired 20]
    rc: breakpoint 3 at 0000:7c20, hit twice  [position 8, retired 8]
    info break: break 1  0000:7c06  hit 6 times
    rc: breakpoint 1 at 0000:7c06, hit 7 times  [position 5, retired 5]
    ");
}

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
    ringwalk> events port 0x60 8, segment most 2
    what was before is left out: ask with `most N`
               8  ds <- 0000 at 0000:7c0a mov ds, ax
              11  ss <- 0000 at 0000:7c0e div dl
    ringwalk> events nonsense
    error: one of interrupt, int, exception, port, mmio, cr, cr3, msr, cpl, mode, task, segment was meant (column 1 of `nonsense`)
    ");
}

#[test]
fn questions_about_the_past() {
    // 7c00: mov word [500h],1; mov word [501h],0203h; mov cx,3; again: inc byte [500h]; loop again; hlt
    let code = [
        0xC7, 0x06, 0x00, 0x05, 0x01, 0x00, 0xC7, 0x06, 0x01, 0x05, 0x03, 0x02, 0xB9, 0x03, 0x00, 0xFE, 0x06, 0x00,
        0x05, 0xE2, 0xFA, 0xF4,
    ];
    let mut fake = Fake::with_code(&code);
    let typed = [
        "break 0000:7c15",
        "c",
        "last write 0x500",
        "first write 0x500 word",
        "all writes 0x500 most 3",
        "all writes 0x501",
        "last write 0x900",
        "last write",
        "last change cx",
        "last change cr3",
        "last change nothing",
        "goto 7",
        "last write 0x500",
        "p position",
        "goto 0",
        "c",
    ];
    insta::assert_snapshot!(transcript_brief(&mut fake, &typed), @r"
    ringwalk> break 0000:7c15
    break 1  0000:7c15
    ringwalk> c
    breakpoint 1 at 0000:7c15  [position 9, retired 9]
    ringwalk> last write 0x500
               8  lin 00000500  03 -> 04  by 0000:7c0f inc byte [0x500]
    `goto 8` goes there
    ringwalk> first write 0x500 word
               1  lin 00000500  0000 -> 0001  by 0000:7c00 mov word [0x500], 1
    `goto 1` goes there
    ringwalk> all writes 0x500 most 3
               4  lin 00000500  01 -> 02  by 0000:7c0f inc byte [0x500]
               6  lin 00000500  02 -> 03  by 0000:7c0f inc byte [0x500]
               8  lin 00000500  03 -> 04  by 0000:7c0f inc byte [0x500]
    and more: ask with a greater number
    ringwalk> all writes 0x501
               1  lin 00000501  00 -> 00  by 0000:7c00 mov word [0x500], 1
               2  lin 00000501  00 -> 03  by 0000:7c06 mov word [0x501], 0x203
    ringwalk> last write 0x900
    lin 00000900: no instruction wrote it between 0 and 9
    ringwalk> last write
    error: `write` and an address are missing; usage: last write ADDR [LENGTH] | change REG
    ringwalk> last change cx
               9  cx 0x1 -> 0x0  by 0000:7c13 loop 0x7c0f
    `goto 9` goes there
    ringwalk> last change cr3
    cr3 has been 0x0 since the history begins at 0
    ringwalk> last change nothing
    error: `nothing` is no register; usage: last write ADDR [LENGTH] | change REG
    ringwalk> goto 7
    gone there  [position 7, retired 7]
    ringwalk> last write 0x500
               6  lin 00000500  02 -> 03  by 0000:7c0f inc byte [0x500]
    `goto 6` goes there
    ringwalk> p position
    0x7 = 7
    ringwalk> goto 0
    gone there  [position 0, retired 0]
    ringwalk> c
    breakpoint 1 at 0000:7c15, hit twice  [position 9, retired 9]
    ");
}

#[test]
fn next_does_not_fall_into_interrupt_handlers() {
    let mut fake = Fake::with_code(&[0x90; 8]);
    fake.cpu.flags.set(IF, true);
    fake.poke(0x20, &[0x00, 0x06, 0x00, 0x00]);
    fake.poke(0x600, &[0x90, 0xCF]);
    fake.bus.signals.interrupt = true;
    insta::assert_snapshot!(first_lines(&mut fake, &["n", "p ip"]), @r"
    n: stepped  [position 4, retired 3]
    p ip: 0x7c01 = 31745
    ");
    fake.cpu.rip = 0x7C00;
    fake.bus.signals.interrupt = true;
    insta::assert_snapshot!(first_lines(&mut fake, &["s", "out", "p ip"]), @r"
    s: interrupt 08h (IRQ 0 timer) was delivered: it came at 0000:7c00 nop  [position 5, retired 3]
    out: returned to 0000:7c00  [position 7, retired 5]
    p ip: 0x7c00 = 31744
    ");
}

/// mov ds, ax with a bad selector in flat protected mode; the handler of #GP is at 8000h.
fn faulting() -> Fake {
    let mut fake = Fake::with_code(&[0x8E, 0xD8, 0xA1, 0x00, 0x00, 0x40, 0x00]);
    fake.cpu.cr0 |= CR0_PE;
    fake.cpu.gdtr = TableRegister { base: 0x1000, limit: 0x17 };
    fake.poke(0x1008, &0x00CF_9B00_0000_FFFF_u64.to_le_bytes());
    fake.poke(0x1010, &0x00CF_9300_0000_FFFF_u64.to_le_bytes());
    for (reg, selector) in [(SegReg::Cs, 8), (SegReg::Ss, 16), (SegReg::Ds, 16), (SegReg::Es, 16)] {
        let descriptor = descriptor_of(&fake.cpu, &fake.memory, Selector(selector)).unwrap();
        fake.cpu.segments[reg as usize] = descriptor.segment(Selector(selector));
    }
    fake.cpu.idtr = TableRegister { base: 0x3000, limit: 0x7F };
    fake.poke(0x3000 + 8 * 13, &0x0000_8E00_0008_8000_u64.to_le_bytes());
    fake.cpu.gpr[0] = 0x33;
    fake
}

#[test]
fn a_fault_is_told_with_its_vector() {
    let mut fake = faulting();
    insta::assert_snapshot!(transcript(&mut fake, &["s", "x/4xw ss:esp"]), @r"
    ringwalk> s
    #GP general protection was delivered, error code 0030: GDT[6]: it came at 0008:7c00 mov ds, eax  [position 2, retired 0]
    protected mode, 32-bit code, CPL 0, paging off, A20 on
    eax 00000033   ebx 00000000   ecx 00000000   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00006ff0*
    cs 0008   ss 0010   ds 0010   es 0010   fs 0000   gs 0000
    eip 00008000*  eflags 00000002  of df if tf sf zf af pf cf
    fs gs: null, but still usable: not loaded since real mode
    => 0008:8000  0000            add [eax], al
       read and write: 0010:0033 -> lin 00000033 = 0x00
       0008:8002  0000            add [eax], al
       0008:8004  0000            add [eax], al
       0008:8006  0000            add [eax], al
       0008:8008  0000            add [eax], al
    stack 0010:6ff0  00000030 00007c00 00000008 00010002 00000000 00000000
    ringwalk> x/4xw ss:esp
    0010:6ff0  00000030 00007c00 00000008 00010002
    ");
    let mut fake = faulting();
    fake.cpu.idtr.limit = 0;
    insta::assert_snapshot!(first_lines(&mut fake, &["s", "s"]), @r"
    s: triple fault: the processor has shut down  [position 2, retired 0]
    s: shut down after a triple fault: only `reset` or `restore` goes on from here  [position 2, retired 0]
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

#[test]
fn until_and_goto() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "until 0:7c06",
        "until cx == 1",
        "until if cx",
        "until serial \"login:\"",
        "goto 5",
        "goto +0",
        "goto retired 3",
        "until screen Boot",
        "until",
        "goto",
        "goto now",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r#"
    until 0:7c06: reached 0000:7c06  [position 5, retired 5]
    until cx == 1: the condition holds at 0000:7c07  [position 12, retired 12]
    until if cx: the condition holds at 0000:7c03  [position 13, retired 13]
    until serial "login:": halted for good: HLT with nothing that can wake the processor  [position 21, retired 21]
    goto 5: gone there  [position 5, retired 5]
    goto +0: gone there  [position 5, retired 5]
    goto retired 3: gone there  [position 3, retired 3]
    until screen Boot: the screen shows the text  [position 3, retired 3]
    until: error: an address, a condition, serial TEXT or screen TEXT is missing; usage: until ADDR | CONDITION | serial TEXT | screen TEXT
    goto: error: a position is missing; usage: goto POSITION | +N | -N | N% | start | end | retired N
    goto now: error: `now` is neither a number nor a register (column 1 of `now`)
    "#);
    let mut fake = Fake::with_code(&COUNTING);
    insta::assert_snapshot!(first_lines(&mut fake, &["goto 1,0", "goto +3", "goto retired 15"]), @r"
    goto 1,0: position reached  [position 10, retired 10]
    goto +3: position reached  [position 13, retired 13]
    goto retired 15: instruction count reached  [position 15, retired 15]
    ");
}

#[test]
fn ctrl_c_stops_what_runs() {
    let mut fake = Fake::with_code(&[0xEB, 0xFE]);
    fake.interrupt_in = Some(1000);
    insta::assert_snapshot!(first_lines(&mut fake, &["c", "c"]), @r"
    c: stopped by Ctrl-C  [position 1000, retired 1000]
    c: --max-insns 100000 reached  [position 101000, retired 101000]
    ");
    let mut fake = Fake::with_code(&[0xEB, 0xFE]);
    fake.interrupt_in = Some(500);
    insta::assert_snapshot!(first_lines(&mut fake, &["until ax == 1"]), @"until ax == 1: stopped by Ctrl-C  [position 500, retired 500]");
}

#[test]
fn why_tells_every_end() {
    let mut fake = Fake::with_code(&[0xF4]);
    insta::assert_snapshot!(first_lines(&mut fake, &["s", "s", "reset"]), @r"
    s: halted: the next step idles until an event  [position 1, retired 1]
    s: halted for good: HLT with nothing that can wake the processor  [position 1, retired 1]
    reset: the reset button was pressed  [position 1, retired 1]
    ");
    let mut fake = Fake::with_code(&[0xF4]);
    fake.cpu.flags.set(IF, true);
    fake.bus.due = Some(Instant(101));
    fake.poke(0x20, &[0x00, 0x06, 0x00, 0x00]);
    fake.poke(0x600, &[0x90, 0xCF]);
    insta::assert_snapshot!(first_lines(&mut fake, &["s", "s", "info mode", "s", "out"]), @r"
    s: halted: the next step idles until an event  [position 1, retired 1]
    s: idle: the processor waits in HLT  [position 101, retired 1]
    info mode: real mode, 16-bit code, CPL 0, paging off, A20 on, halted
    s: interrupt 08h (IRQ 0 timer) was delivered: it came at 0000:7c01 add [bx+si], al  [position 102, retired 1]
    out: returned to 0000:7c01  [position 104, retired 3]
    ");
    fake.cpu.activity = Activity::Shutdown;
    insta::assert_snapshot!(first_lines(&mut fake, &["c"]), @"c: shut down after a triple fault: only `reset` or `restore` goes on from here  [position 104, retired 3]");
}

#[test]
fn memory_goes_on_and_empty_lines_repeat() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "x/4xb 0:7c00",
        "",
        "x",
        "x 0x7c10",
        "u/2 0:7c03",
        "",
        "regs",
        "stack 2",
        "x/s 0x500",
        "xp/1xh 0x7c00",
        "x/3i 0x7c06",
        "",
    ];
    insta::assert_snapshot!(transcript(&mut fake, &typed), @r#"
    ringwalk> x/4xb 0:7c00
    0000:7c00  b9 03 00 e8
    ringwalk> 
    0000:7c04  1a 00 49 75
    ringwalk> x
    0000:7c08  fa c7 06 00
    ringwalk> x 0x7c10
    lin 00007c10  90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90  |................|
    lin 00007c20  51 59 c3 00 00 00 00 00 00 00 00 00 00 00 00 00  |QY..............|
    lin 00007c30  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|
    lin 00007c40  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|
    ringwalk> u/2 0:7c03
       0000:7c03  e81a00          call 0x7c20
       0000:7c06  49              dec cx
    ringwalk> 
       0000:7c07  75fa            jne 0x7c03
       0000:7c09  c70600053412    mov word [0x500], 0x1234
    ringwalk> regs
    eax 00000000   ebx 00000000   ecx 00000000   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000
    eip 00007c00   eflags 00000002  of df if tf sf zf af pf cf
    cs   0000   base 00000000  limit 0000ffff  code16 rx DPL 0 accessed
    ss   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    ds   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    es   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    fs   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    gs   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    ldtr 0000   base 00000000  limit 0000ffff  LDT DPL 0
    tr   0000   base 00000000  limit 0000ffff  TSS32 busy DPL 0
    gdtr       base 00000000  limit 0000ffff
    idtr       base 00000000  limit 0000ffff
    cr0 60000010   cr2 00000000   cr3 00000000   cr4 00000000
    ringwalk> stack 2
    stack 0000:7000  0000 0000
    ringwalk> x/s 0x500
    lin 00000500  ""
    ringwalk> xp/1xh 0x7c00
    phys 00007c00  03b9
    ringwalk> x/3i 0x7c06
       0000:7c06  49              dec cx
       0000:7c07  75fa            jne 0x7c03
       0000:7c09  c70600053412    mov word [0x500], 0x1234
    ringwalk> 
       0000:7c0f  f4              hlt
       0000:7c10  90              nop
       0000:7c11  90              nop
    "#);
}

#[test]
fn changing_registers_and_memory() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "set ax = 0x1234",
        "set al = ah",
        "set if = 1",
        "set $ds = 0xb800",
        "p ds:10",
        "set word 0x500 = 1 2",
        "write 0:504 = \"ab\", 0x63 -1",
        "write/w 0x510 = 0x12345678",
        "x/28xb 0x500",
        "set cpl = 3",
        "set frob = 1",
        "set ax",
        "set byte 0x500 = 256",
        "set byte phys 0xfff00000 = 1",
        "write 0x500",
    ];
    insta::assert_snapshot!(transcript(&mut fake, &typed), @r#"
    ringwalk> set ax = 0x1234
    ax 0x0 -> 0x1234
    ringwalk> set al = ah
    al 0x34 -> 0x12
    ringwalk> set if = 1
    if 0x0 -> 0x1
    ringwalk> set $ds = 0xb800
    ds 0x0 -> 0xb800
    ringwalk> p ds:10
    b800:0010 -> lin 000b8010
    ringwalk> set word 0x500 = 1 2
    wrote 4 bytes at lin 00000500
    ringwalk> write 0:504 = "ab", 0x63 -1
    wrote 4 bytes at 0000:0504
    ringwalk> write/w 0x510 = 0x12345678
    wrote 4 bytes at lin 00000510
    ringwalk> x/28xb 0x500
    lin 00000500  01 00 02 00 61 62 63 ff 00 00 00 00 00 00 00 00
    lin 00000510  78 56 34 12 00 00 00 00 00 00 00 00
    ringwalk> set cpl = 3
    error: cpl cannot be set alone: it belongs to a descriptor; let the guest load it
    ringwalk> set frob = 1
    error: `frob` is no register (column 1 of `frob = 1`)
    ringwalk> set ax
    error: a value is missing; usage: set REG = EXPR | byte|word|dword ADDR = VALUE..
    ringwalk> set byte 0x500 = 256
    error: 0x100 does not fit 1 byte
    ringwalk> set byte phys 0xfff00000 = 1
    error: nothing was written: no memory takes writes at phys fff00000
    ringwalk> write 0x500
    error: a value is missing; usage: write [/b|h|w|g] ADDR = VALUE..
    "#);
}

#[test]
fn the_machine_around_the_processor() {
    let mut fake = Fake::new();
    let typed = [
        "devices",
        "device pic",
        "info pic",
        "device pi",
        "info frob",
        "screen",
        "serial 1",
        "info machine",
        "info notes",
        "hash",
        "type dir\\n",
        "type \" a;b\\\"\"",
        "save x.snap",
        "restore x.snap",
        "screenshot a.png",
        "history 3",
    ];
    insta::assert_snapshot!(transcript(&mut fake, &typed), @r#"
    ringwalk> devices
    pic pit
    ringwalk> device pic
    pic
      mask        fb
      in service  none
    ringwalk> info pic
    pic
      mask        fb
      in service  none
    ringwalk> device pi
    error: `device` knows no `pi`: did you mean `pic`? `device` alone lists what there is
    ringwalk> info frob
    error: `info` knows no `frob`; `info` alone lists what there is
    ringwalk> screen
    | Booting
    2 rows of 80 columns, cursor at row 1, column 0
    ringwalk> serial 1
    | world
    ringwalk> info machine
    machine
      memory    2M
      position  0
      retired   0
    ringwalk> info notes
    what the guest used and the machine lacks
      port 0x2e8 read: nobody answers  3 times
    ringwalk> hash
    0000000000000000000000000000000000000000000000000000000000000000
    ringwalk> type dir\n
    typed 4 keys: the guest sees them as it runs
    ringwalk> type " a;b\""
    typed 5 keys: the guest sees them as it runs
    ringwalk> save x.snap
    saved x.snap
    ringwalk> restore x.snap
    error: x.snap cannot be opened: no such file
    ringwalk> screenshot a.png
    wrote a.png
    ringwalk> history 3
    commands so far
      14  restore x.snap
      15  screenshot a.png
      16  history 3
    "#);
    assert_eq!(fake.typed, "dir\n a;b\"");
    fake.screen = None;
    insta::assert_snapshot!(first_lines(&mut fake, &["screen"]), @"screen: the screen shows graphics; `screenshot FILE.png` saves it");
}

#[test]
fn registers_of_x87_mmx_and_sse() {
    let mut fake = Fake::with_code(&COUNTING);
    fake.cpu.fpu.initialise();
    fake.cpu.fpu.push(Extended { sign_exponent: 0x3FFF, significand: 1 << 63 });
    fake.cpu.vector.set_xmm(1, 0x0123_4567_89AB_CDEF_0000_0000_FFFF_FFFF);
    insta::assert_snapshot!("float_registers", transcript(&mut fake, &["info fpu", "info sse"]));
}

#[test]
fn registers_with_hidden_state() {
    let mut fake = Fake::with_code(&COUNTING);
    fake.cpu.segments[SegReg::Fs as usize].limit = u32::MAX;
    fake.bus.signals = Signals { interrupt: true, a20: true, ..Signals::default() };
    fake.cpu.cr0 |= CR0_PE;
    insta::assert_snapshot!(transcript(&mut fake, &["regs", "info eflags", "info mode", "info dr"]), @r"
    ringwalk> regs
    eax 00000000   ebx 00000000   ecx 00000000   edx 00000653
    esi 00000000   edi 00000000   ebp 00000000   esp 00007000
    eip 00007c00   eflags 00000002  of df if tf sf zf af pf cf
    cs   0000   base 00000000  limit 0000ffff  code16 rx DPL 0 accessed
    ss   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    ds   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    es   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    fs   0000   base 00000000  limit ffffffff  data16 rw DPL 0 accessed
    gs   0000   base 00000000  limit 0000ffff  data16 rw DPL 0 accessed
    ldtr 0000   base 00000000  limit 0000ffff  LDT DPL 0
    tr   0000   base 00000000  limit 0000ffff  TSS32 busy DPL 0
    cs ss ds es fs gs: null, but still usable: not loaded since real mode
    gdtr       base 00000000  limit 0000ffff
    idtr       base 00000000  limit 0000ffff
    cr0 60000011   cr2 00000000   cr3 00000000   cr4 00000000
    ringwalk> info eflags
    eflags 00000002
      id    0   CPUID can be used
      vip   0   virtual interrupt pending
      vif   0   virtual interrupt flag
      ac    0   alignment check
      vm    0   virtual-8086 mode
      rf    0   resume: no instruction breakpoint once
      nt    0   nested task: IRET returns to it
      iopl  0   privilege needed for I/O and CLI
      of    0   signed overflow
      df    0   string instructions go down
      if    0   interrupts are taken
      tf    0   single-step trap
      sf    0   negative
      zf    0   zero, or equal
      af    0   carry out of bit 3
      pf    0   even parity of the low byte
      cf    0   carry, or below
    ringwalk> info mode
    protected mode, 16-bit code, CPL 0, paging off, A20 on
    interrupt pending, held off: IF is clear
    ringwalk> info dr
    dr0 00000000  off  execute, 1 byte
    dr1 00000000  off  execute, 1 byte
    dr2 00000000  off  execute, 1 byte
    dr3 00000000  off  execute, 1 byte
    dr6 ffff0ff0  dr7 00000400
    ");
}

#[test]
fn trouble_is_told_with_what_to_do() {
    let mut fake = Fake::new();
    let typed = [
        "stpe",
        "se",
        "frobnicate",
        "step x",
        "step 1 2",
        "x 7c00",
        "x",
        "x/8q 0",
        "regs/4 x",
        "break",
        "break 1 if",
        "watch",
        "watch 0 0",
        "print",
        "p 1/0",
        "p (1",
        "walk phys 0",
        "info ldt",
        "info tss",
        "until serial",
        "reverse-step",
        "tour",
        "quit now",
        "save",
        "type",
        "source /nowhere/at.all",
        "info registers now",
        "help frob",
        "p byte [0xa0000]",
        "\"",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r#"
    stpe: error: no command is called `stpe`: did you mean `step`? `help` lists them all
    se: error: `se` can be serial, set
    frobnicate: error: no command is called `frobnicate`; `help` lists them all
    step x: error: `x` is neither a number nor a register (column 1 of `x`)
    step 1 2: error: this is more than the command takes (column 3 of `1 2`)
    x 7c00: error: `7c00` is not a decimal number or a register: hexadecimal is written 0x7c00 or 7c00h (column 1 of `7c00`)
    x: error: an address is missing; usage: x [/FORMAT] [ADDR]
    x/8q 0: error: `q` is no format letter; usage: x/COUNT with a shape of x d u o t c s i m and a unit of b h w g (1 2 4 8 bytes)
    regs/4 x: error: `regs` takes no format behind a slash; usage: regs
    break: no breakpoints; `break ADDR` or `watch ADDR` sets one
    break 1 if: error: a number, a register or an address is missing (column 5 of `1 if`)
    watch: no breakpoints; `break ADDR` or `watch ADDR` sets one
    watch 0 0: error: a watchpoint covers at least 1 byte and at most 4 GiB (column 4 of `0 0`)
    print: error: an expression is missing; usage: print EXPR | ADDR
    p 1/0: error: division by zero
    p (1: error: a ) is missing (column 3 of `(1`)
    walk phys 0: error: a physical address is not translated any further
    info ldt: error: there is no LDT: LDTR holds a null selector
    info tss: error: there is no task: TR holds a null selector
    until serial: error: `serial` is neither a number nor a register (column 1 of `serial`)
    reverse-step: the history begins here  [position 0, retired 0]
    tour: error: there is no tour of this machine; `ringwalk` without arguments starts the one with a tour
    quit now: error: `now` is more than it takes; usage: quit
    save: error: a file name is missing; usage: save FILE [on BASE]
    type: error: a text is missing; usage: type TEXT
    source /nowhere/at.all: error: /nowhere/at.all cannot be read: No such file or directory (os error 2)
    info registers now: error: `now` is more than it takes; usage: info registers
    help frob: error: no command is called `frob`; `help` lists them all
    p byte [0xa0000]: error: lin 000a0000 cannot be read: no memory answers
    ": error: no command is called `"`: did you mean `x`? `help` lists them all
    "#);
}

#[test]
fn help_from_the_table() {
    let mut fake = Fake::new();
    insta::assert_snapshot!(
        "help",
        transcript(&mut fake, &["help", "info", "help break", "help info gdt", "apropos screen", "apropos qqq"])
    );
    for command in COMMANDS {
        let text = transcript(&mut fake, &[&format!("help {}", command.name)]);
        assert!(text.contains(command.examples[0]), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}

#[test]
fn every_example_is_a_command_that_can_be_read() {
    for command in COMMANDS.iter().chain(TOPICS) {
        for example in command.examples {
            let mut fake = Fake::with_code(&COUNTING);
            let mut session = Session::new(&mut fake, Options::default()).unwrap();
            session.exec("break 0:7c06", &mut Vec::new()).unwrap();
            if let Flow::Failed(error) = session.exec(example, &mut Vec::new()).unwrap() {
                assert!(!error.is_syntax(), "{example}: {error}");
            }
        }
    }
}

#[test]
fn looking_changes_nothing() {
    let mut fake = Fake::with_code(&COUNTING);
    fake.cpu.cr0 |= ringwalk_cpu::state::CR0_PG | CR0_PE;
    fake.cpu.cr3 = 0x10_0000;
    fake.poke(0x10_0000, &0x0010_1007_u32.to_le_bytes());
    for page in 0..16_u32 {
        fake.poke(0x10_1000 + 4 * u64::from(page), &(page << 12 | 7).to_le_bytes());
    }
    let (cpu, memory) = (fake.cpu.clone(), fake.memory.frames.bytes().to_vec());
    for json in [false, true] {
        let mut session = Session::new(&mut fake, Options { json, ..Options::default() }).unwrap();
        let looking = COMMANDS.iter().filter(|command| matches!(command.run, Run::Look(_)));
        for command in looking.chain(TOPICS) {
            for example in command.examples {
                session.exec(example, &mut Vec::new()).unwrap();
            }
        }
        session.exec("walk 0x7c00; x/64 0x7c00; u/50; stack 100; p [ds:si]", &mut Vec::new()).unwrap();
    }
    assert_eq!(fake.cpu, cpu);
    assert!(fake.memory.frames.bytes() == memory, "memory is as it was");
}

#[test]
fn json_is_one_object_a_command() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = || Options { json: true, ..Options::default() };
    let text = transcript_with(
        &mut fake,
        options(),
        &["p ax+1", "p cs:eip", "frob", "hash", "x/2xb 0:7c00", "b 0:7c20", "u/1", "walk 0x7c00"],
    );
    insta::assert_snapshot!(text, @r#"
    ringwalk> p ax+1
    {"command":"print","ok":true,"value":{"value":1}}
    ringwalk> p cs:eip
    {"command":"print","ok":true,"value":{"address":{"logical":"0000:7c00","linear":31744,"physical":31744}}}
    ringwalk> frob
    {"command":"frob","ok":false,"error":"no command is called `frob`; `help` lists them all"}
    error: no command is called `frob`; `help` lists them all
    ringwalk> hash
    {"command":"hash","ok":true,"value":{"hash":"0000000000000000000000000000000000000000000000000000000000000000","position":0,"retired":0}}
    ringwalk> x/2xb 0:7c00
    {"command":"x","ok":true,"value":{"address":{"logical":"0000:7c00","linear":31744,"physical":31744},"units":[185,3],"format":{"count":2,"shape":"hex","bytes":1},"text":null}}
    ringwalk> b 0:7c20
    {"command":"break","ok":true,"value":{"id":1,"kind":"break","place":"0000:7c20","enabled":true,"temporary":false,"condition":null,"ignore":0,"hits":0,"holds":null,"actions":null}}
    ringwalk> u/1
    {"command":"disassemble","ok":true,"value":{"lines":[{"address":"0000:7c00","linear":31744,"bytes":"b90300","text":"mov cx, 3","next":true}]}}
    ringwalk> walk 0x7c00
    {"command":"walk","ok":true,"value":{"address":{"logical":null,"linear":31744,"physical":31744},"paging":"off","cr3":0,"levels":[],"page":null,"fails":null,"tlb":null,"stale":false,"a20":true,"answers":"RAM","byte":185}}
    "#);
    for command in COMMANDS.iter().chain(TOPICS) {
        let mut fake = Fake::with_code(&COUNTING);
        let text = transcript_with(&mut fake, options(), &[command.examples[0]]);
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["ok"].is_boolean() && value["command"].is_string(), "{line}");
        }
    }
}

#[test]
fn a_stop_as_json_has_all_that_the_text_has() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = Options { json: true, ..Options::default() };
    let text = transcript_with(&mut fake, options, &["watch 0x500 2; c"]);
    let stop: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let why = &stop["value"]["why"];
    assert_eq!((&why["kind"], &why["id"]), (&"watch".into(), &1.into()));
    assert_eq!((&why["access"]["old"], &why["access"]["new"]), (&0.into(), &0x1234.into()));
    assert_eq!(stop["value"]["general"][0]["name"], "eax");
    assert_eq!(stop["value"]["mode"]["mode"], "real");
}

const SCRIPT: &str = "# comment\n7c03 | real | The loop | It calls a procedure. Type `next` to run through it.\n\n\
    0x7c09 | any | The end of the loop | CX is zero now.\n7c0f | paging, ring 0 | Never | -\n";

#[test]
fn the_tour_goes_from_stop_to_stop() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = Options { tour: Some(SCRIPT.to_string()), ..Options::default() };
    let typed =
        ["tour", "tour again", "tour next", "tour again", "tour next", "tour", "tour list", "tour off", "continue"];
    let text = transcript_with(&mut fake, options, &typed);
    insta::assert_snapshot!("tour", text);
    let broken = Options { tour: Some("7c00 | real | x".to_string()), ..Options::default() };
    let error = Session::new(&mut fake, broken).err().unwrap();
    insta::assert_snapshot!(error.to_string(), @"line 1 of the tour: it is not `address | mode | title | explanation`");
}

#[test]
fn batches_end_at_the_first_failure() {
    let mut fake = Fake::with_code(&COUNTING);
    let mut session = Session::new(&mut fake, Options::default()).unwrap();
    let mut out = Vec::new();
    let result = batch(&mut session, "p 1; frob; p 2", &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "0x1 = 1\n");
    assert!(result.unwrap_err().to_string().starts_with("no command is called `frob`"));
    let result = batch(&mut session, "p 1\n\n# note\nx 7c00\n", &mut Vec::new()).unwrap();
    assert!(result.unwrap_err().to_string().starts_with("line 4: "));
    assert_eq!(batch(&mut session, "p 1; quit; frob", &mut Vec::new()).unwrap(), Ok(()));
}

#[test]
fn piped_lines_go_on_after_trouble_and_repeat_nothing() {
    let mut fake = Fake::with_code(&COUNTING);
    let mut session = Session::new(&mut fake, Options::default()).unwrap();
    let mut out = Vec::new();
    lines(&mut session, &mut "s\n\nfrob\np ip\nq\np 1\n".as_bytes(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("error: no command"), "{text}");
    assert!(text.ends_with("0x7c03 = 31747\n"), "{text}");
}

#[test]
fn files_of_commands() {
    let folder = std::env::temp_dir().join(format!("ringwalk-debugger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name);
    std::fs::write(file("good.rw"), "# two\np 1; p 2\n\np 3\n").unwrap();
    std::fs::write(file("bad.rw"), "p 1\nfrob\n").unwrap();
    std::fs::write(file("loop.rw"), format!("source {}\n", file("loop.rw").display())).unwrap();
    let mut fake = Fake::new();
    let source = |name: &str| format!("source {}", file(name).display());
    let typed = [source("good.rw"), source("bad.rw"), source("loop.rw")];
    let text = transcript(&mut fake, &typed.each_ref().map(String::as_str));
    std::fs::remove_dir_all(&folder).unwrap();
    let text = text.replace(&folder.display().to_string(), "FOLDER");
    insta::assert_snapshot!(text, @r"
    ringwalk> source FOLDER/good.rw
    0x1 = 1
    0x2 = 2
    0x3 = 3
    ringwalk> source FOLDER/bad.rw
    0x1 = 1
    error: FOLDER/bad.rw line 2: no command is called `frob`; `help` lists them all
    ringwalk> source FOLDER/loop.rw
    error: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw calls itself, or files call each other too deeply
    ");
}
