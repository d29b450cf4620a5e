//! Several faults of one instruction: the one that is reported. SDM Vol.3A Table 6-2 "Priority Among Concurrent Events":
//! code breakpoint, fetching the instruction, decoding it, executing it.

use ringwalk_cpu::flags::AC;
use ringwalk_cpu::site::Site;
use ringwalk_cpu::state::{CR0_AM, CR0_TS};

use super::*;

/// What can be wrong with one instruction, the highest priority first. Equal numbers in [`group`] have no order in the
/// manual; within "executing" a limit comes before the page because there is no linear address before it, #AC before
/// #PF by the note in Table 6-2 for operands, and results last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Breakpoint,
    FetchLimit,
    FetchPage,
    TooLong,
    Lock,
    NoDevice,
    Limit,
    Alignment,
    Page,
    Divide,
    Bound,
}
use Wrong::*;

const ALL: [Wrong; 11] =
    [Breakpoint, FetchLimit, FetchPage, TooLong, Lock, NoDevice, Limit, Alignment, Page, Divide, Bound];

fn group(wrong: Wrong) -> u32 {
    match wrong {
        Breakpoint => 0,
        FetchLimit => 1,
        FetchPage => 2,
        TooLong | Lock | NoDevice => 3,
        Limit => 4,
        Alignment => 5,
        Page => 6,
        Divide | Bound => 7,
    }
}

fn site(wrong: Wrong) -> Site {
    match wrong {
        Breakpoint => Site::InstructionBreakpoint,
        FetchLimit => Site::FetchLimit,
        FetchPage | Page => Site::PageFault,
        TooLong => Site::InstructionLength,
        Lock => Site::UndefinedLock,
        NoDevice => Site::DeviceNotAvailable,
        Limit => Site::DataLimit,
        Alignment => Site::Alignment,
        Divide => Site::DivideError,
        Bound => Site::BoundRange,
    }
}

/// The first byte of the instruction is the last of its page.
const AT: u32 = CODE + 0xFFF;
/// A dword at [EBX], of which every bit is clear.
const OPERAND: u32 = 0x3_0000;

/// DIV, FLDCW or BOUND of [EBX], prefixed as needed; `None` if the two cannot stand in one instruction.
fn instruction(wrong: &[Wrong]) -> Option<Vec<u8>> {
    let has = |one| wrong.contains(&one);
    let opcode: &[u8] = match (has(NoDevice), has(Bound), has(Divide)) {
        // A word would be aligned where a dword is not: FLDCW reads a word.
        (true, false, false) => &[0xD9, 0x2B],
        (false, true, false) => &[0x62, 0x03],
        (false, false, _) => &[0xF7, 0x33],
        _ => return None,
    };
    let mut code = Vec::new();
    if has(Lock) {
        code.push(0xF0);
    }
    // Segment overrides that change nothing; the last byte in front of the limit or page is one of them.
    if has(TooLong) {
        code.extend([0x3E; 15]);
    }
    code.extend(opcode);
    Some(code)
}

fn program(wrong: &[Wrong]) -> Option<Program> {
    let code = instruction(wrong)?;
    let has = |one| wrong.contains(&one);
    let mut program = Program::paged_user();
    program.cpu.rip = u64::from(AT);
    program.write(AT, &code);
    program.cpu.cr0 |= CR0_AM;
    program.set_flags(AC);
    program.cpu.gpr[0] = 1;
    program.cpu.gpr[2] = 0;
    program.cpu.gpr[3] = u64::from(OPERAND + if has(Alignment) { 1 } else { 0 });
    // The operand is 0 where a fault shall come of it, and harmless otherwise: 1, or bounds 0 and 1.
    let benign = if has(NoDevice) { 0x037Fu64 } else { 1 };
    let bounds = if has(Divide) { 0 } else { benign };
    program.write(OPERAND, &bounds.to_le_bytes());
    if has(Breakpoint) {
        program.cpu.dr[0] = u64::from(AT);
        program.cpu.dr7 = 0x401;
    }
    if has(FetchLimit) {
        program.cpu.segments[SegReg::Cs as usize].limit = AT;
    }
    if has(FetchPage) {
        program.write_dword(pte_of(AT + 1), 0);
    }
    if has(NoDevice) {
        program.cpu.cr0 |= CR0_TS;
    }
    if has(Limit) {
        program.cpu.segments[SegReg::Ds as usize].limit = OPERAND - 1;
    }
    if has(Page) {
        program.write_dword(pte_of(OPERAND), 0);
    }
    Some(program)
}

fn expect(program: &mut Program, wrong: Wrong, name: &str) {
    let fault = program.fault();
    assert_eq!((program.last_site(), fault.eip), (site(wrong), AT), "{name}");
    assert_eq!(fault.vector, site(wrong).info().vector, "{name}");
    match wrong {
        FetchPage => assert_eq!((program.cpu.cr2, fault.code), (u64::from(AT + 1), 4), "{name}"),
        Page => assert_eq!((program.cpu.cr2 & !3, fault.code), (u64::from(OPERAND), 4), "{name}"),
        _ => assert_eq!(fault.code, 0, "{name}"),
    }
}

/// Each alone, and then every pair that one instruction can have wrong.
#[test]
fn q33_the_first_of_two_faults_is_reported() {
    let mut pairs = 0;
    for (index, first) in ALL.into_iter().enumerate() {
        let mut alone = program(&[first]).expect("one can always be wrong");
        if first == Bound {
            // Bounds 1 and 0 hold nothing.
            alone.write_dword(OPERAND, 2);
        }
        expect(&mut alone, first, &format!("{first:?} alone"));
        for second in ALL.into_iter().skip(index + 1).filter(|second| group(*second) > group(first)) {
            let Some(mut both) = program(&[first, second]) else { continue };
            if second == Bound {
                both.write_dword(OPERAND, 2);
            }
            expect(&mut both, first, &format!("{first:?} before {second:?}"));
            pairs += 1;
        }
    }
    assert_eq!(pairs, 49);
}

/// With nothing wrong the three instructions run.
#[test]
fn q33_the_instructions_run_when_nothing_is_wrong() {
    for code in [&[0xF7, 0x33][..], &[0xD9, 0x2B], &[0x62, 0x03]] {
        let mut program = program(&[]).expect("nothing excludes nothing");
        program.write(AT, code);
        program.write(OPERAND, &[1, 0, 0, 0, 1, 0, 0, 0]);
        program.steps(1);
        assert_eq!(program.eip(), AT + 2, "{code:x?}");
    }
}

/// An opcode that is undefined is so as soon as it is known: a page behind it is not asked for. One whose meaning hangs
/// on a byte of the next page faults there first.
#[test]
fn q33_a_fetch_faults_only_for_bytes_that_decoding_needs() {
    // Rows: bytes in front of the page that is not mapped, and the site.
    let rows: [(&[u8], Site); 8] = [
        (&[0x0F, 0x0B], Site::UndefinedByUd2),
        (&[0xF0, 0x90], Site::UndefinedLock),
        (&[0x0F, 0x04], Site::Undefined),
        (&[0x0F], Site::PageFault),
        (&[0xFF], Site::PageFault),
        (&[0xF0, 0x89], Site::PageFault),
        (&[0xF0, 0x89, 0x05], Site::PageFault),
        (&[0xFF, 0xF8], Site::Undefined),
    ];
    for (code, site) in rows {
        let mut program = Program::paged();
        let at = CODE + 0x1000 - code.len() as u32;
        program.cpu.rip = u64::from(at);
        program.write(at, code);
        program.write_dword(pte_of(CODE + 0x1000), 0);
        let fault = program.fault();
        assert_eq!((program.last_site(), fault.eip), (site, at), "{code:x?}");
    }
}

/// Privilege is looked at before the operand of a privileged instruction. SDM Vol.2 under each name: the pseudo-code
/// and "Protected Mode Exceptions" begin with CPL.
#[test]
fn q33_privilege_comes_before_the_operand() {
    let forms: [&[u8]; 6] = [
        // LGDT, LIDT, LMSW, INVLPG, LLDT, LTR [EBX].
        &[0x0F, 0x01, 0x13],
        &[0x0F, 0x01, 0x1B],
        &[0x0F, 0x01, 0x33],
        &[0x0F, 0x01, 0x3B],
        &[0x0F, 0x00, 0x13],
        &[0x0F, 0x00, 0x1B],
    ];
    for code in forms {
        let mut program = Program::paged_user();
        program.cpu.gpr[3] = OPERAND.into();
        program.write_dword(pte_of(OPERAND), 0);
        program.write(CODE, code);
        assert_eq!(program.fault_site(), (13, 0, Site::Privileged), "{code:x?}");
    }
}

/// An instruction with two memory operands reads the first before it writes the second.
#[test]
fn q33_the_operand_that_is_read_faults_before_the_one_that_is_written() {
    // MOVSD, PUSH [EBX], CALL [EBX]; then POP [EBX], which reads the stack first.
    let rows: [(&[u8], u32, u32); 4] = [
        (&[0xA5], 0x3_0000, 4),
        (&[0xFF, 0x33], 0x3_0000, 4),
        (&[0xFF, 0x13], 0x3_0000, 4),
        (&[0x8F, 0x03], STACKS[3], 4),
    ];
    for (code, cr2, error) in rows {
        let mut program = Program::paged_user();
        for page in [0x3_0000, 0x3_2000, STACKS[3], STACKS[3] - 4] {
            program.write_dword(pte_of(page), 0);
        }
        program.cpu.gpr[3] = 0x3_0000;
        program.cpu.gpr[6] = 0x3_0000;
        program.cpu.gpr[7] = 0x3_2000;
        program.write(CODE, code);
        let fault = program.fault();
        assert_eq!((fault.vector, fault.code, program.cpu.cr2), (14, error, cr2.into()), "{code:x?}");
        assert_eq!(fault.esp, STACKS[3], "{code:x?}");
    }
}

/// CALL looks at its target before the stack. SDM Vol.2A "CALL" Operation.
#[test]
fn q33_a_near_call_beyond_the_limit_does_not_reach_its_stack() {
    let mut program = Program::protected();
    program.enter_ring(3);
    program.cpu.segments[SegReg::Cs as usize].limit = CODE + 0xFF;
    program.cpu.segments[SegReg::Ss as usize].limit = 0xFF;
    program.code(
        "
        E8 00 10 00 00 ; call +0x1000
    ",
    );
    assert_eq!(program.fault_site(), (13, 0, Site::BranchLimit));
}
