//! Sessions that look at memory, registers and devices, and change them.

use ringwalk_cpu::float::Extended;
use ringwalk_cpu::segment::SegReg;
use ringwalk_cpu::state::CR0_PE;
use ringwalk_mmu::Signals;

use super::{COUNTING, first_lines, transcript};
use crate::fake::Fake;

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
