//! Sessions that let the machine run: steps, calls, procedures, texts, positions, and why each run ended.

use ringwalk_cpu::flags::IF;
use ringwalk_cpu::segment::{SegReg, Selector};
use ringwalk_cpu::state::{Activity, CR0_PE, TableRegister};
use ringwalk_mmu::Instant;

use super::{COUNTING, first_lines, transcript};
use crate::fake::Fake;
use crate::register::descriptor_of;

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
