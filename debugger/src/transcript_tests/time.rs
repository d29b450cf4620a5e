//! Sessions that go back: steps, stops, and questions about the past.

use super::{COUNTING, first_lines, transcript_brief};
use crate::fake::Fake;

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
    error: `write` and an address are missing; usage: last write ADDR [LENGTH] | change REG | change DEVICE.FIELD
    ringwalk> last change cx
               9  cx 0x1 -> 0x0  by 0000:7c13 loop 0x7c0f
    `goto 9` goes there
    ringwalk> last change cr3
    cr3 has been 0x0 since the history begins at 0
    ringwalk> last change nothing
    error: `nothing` is no register, and no device.field; usage: last write ADDR [LENGTH] | change REG | change DEVICE.FIELD
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
fn questions_about_devices_and_the_screen() {
    let mut fake = Fake::with_code(&COUNTING);
    let typed = [
        "step 5",
        "last change pic.mask",
        "last change pic.in",
        "last change pic.frob",
        "last change rtc.mask",
        "events screen, tlb",
        "break screen",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r"
    step 5: stepped  [position 5, retired 5]
    last change pic.mask: pic.mask has been fb since the history begins at 0
    last change pic.in: pic.in service has been none since the history begins at 0
    last change pic.frob: error: pic has no `frob`, but mask, in service
    last change rtc.mask: error: `rtc` is no device: there are pic, pit
    events screen, tlb: nothing of that happened between 0 and 5
    break screen: break 1  change of the text screen
    ");
}
