//! The two-byte opcodes, behind 0Fh. SDM Vol.2D Table A-3 "Two-byte Opcode Map".

use super::Operand::{Cd, Cl, Dd, Eb, Ev, Ew, Gb, Gv, Ib, Jz, M, R, Seg, Z};
use super::groups::{GROUP_6, GROUP_7, GROUP_8, GROUP_9};
use super::{Entry, b, n, row, v};
use crate::exec::{arithmetic, bit, control, data, muldiv, segments, shift, system};
use crate::model::Feature::{Cmov, Cpuid, I286, I386, I486, Msr, P6, Sep, Tsc};
use crate::segment::SegReg::{Fs, Gs};

use Entry::{Group, Undefined};

pub(super) static TWO_BYTE: [Entry; 256] = [
    /* 00 */ Group(&GROUP_6),
    /* 01 */ Group(&GROUP_7),
    /* 02 */ row("lar", [Gv, Ew], v!(segments::lar)).needs(I286).at(),
    /* 03 */ row("lsl", [Gv, Ew], v!(segments::lsl)).needs(I286).at(),
    /* 04 */ Undefined,
    /* 05 */ Undefined,
    /* 06 */ row("clts", [], n!(system::clts)).ends().needs(I286).at(),
    /* 07 */ Undefined,
    /* 08 */ row("invd", [], n!(system::invd)).needs(I486).at(),
    /* 09 */ row("wbinvd", [], n!(system::invd)).needs(I486).at(),
    /* 0A */ Undefined,
    /* 0B */ row("ud2", [], n!(system::ud2)).ends().at(),
    /* 0C */ Undefined,
    /* 0D */ Undefined,
    /* 0E */ Undefined,
    /* 0F */ Undefined,
    /* 10 */ Undefined,
    /* 11 */ Undefined,
    /* 12 */ Undefined,
    /* 13 */ Undefined,
    /* 14 */ Undefined,
    /* 15 */ Undefined,
    /* 16 */ Undefined,
    /* 17 */ Undefined,
    /* 18 */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 19 */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1A */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1B */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1C */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1D */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1E */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 1F */ row("nop", [Ev, Gv], n!(data::nop)).needs(P6).at(),
    /* 20 */
    row("mov", [R, Cd], n!(system::mov_from_cr))
        .ends()
        .needs(I386)
        .at(),
    /* 21 */
    row("mov", [R, Dd], n!(system::mov_from_dr))
        .ends()
        .needs(I386)
        .at(),
    /* 22 */
    row("mov", [Cd, R], n!(system::mov_to_cr))
        .ends()
        .needs(I386)
        .at(),
    /* 23 */
    row("mov", [Dd, R], n!(system::mov_to_dr))
        .ends()
        .needs(I386)
        .at(),
    /* 24 */ Undefined,
    /* 25 */ Undefined,
    /* 26 */ Undefined,
    /* 27 */ Undefined,
    /* 28 */ Undefined,
    /* 29 */ Undefined,
    /* 2A */ Undefined,
    /* 2B */ Undefined,
    /* 2C */ Undefined,
    /* 2D */ Undefined,
    /* 2E */ Undefined,
    /* 2F */ Undefined,
    /* 30 */ row("wrmsr", [], n!(system::wrmsr)).ends().needs(Msr).at(),
    /* 31 */ row("rdtsc", [], n!(system::rdtsc)).needs(Tsc).at(),
    /* 32 */ row("rdmsr", [], n!(system::rdmsr)).needs(Msr).at(),
    /* 33 */ row("rdpmc", [], n!(system::rdpmc)).needs(P6).at(),
    /* 34 */
    row("sysenter", [], n!(system::sysenter))
        .ends()
        .needs(Sep)
        .at(),
    /* 35 */
    row("sysexit", [], n!(system::sysexit))
        .ends()
        .needs(Sep)
        .at(),
    /* 36 */ Undefined,
    /* 37 */ Undefined,
    /* 38 */ Undefined,
    /* 39 */ Undefined,
    /* 3A */ Undefined,
    /* 3B */ Undefined,
    /* 3C */ Undefined,
    /* 3D */ Undefined,
    /* 3E */ Undefined,
    /* 3F */ Undefined,
    /* 40 */ row("cmovo", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 41 */ row("cmovno", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 42 */ row("cmovb", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 43 */ row("cmovae", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 44 */ row("cmove", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 45 */ row("cmovne", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 46 */ row("cmovbe", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 47 */ row("cmova", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 48 */ row("cmovs", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 49 */ row("cmovns", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4A */ row("cmovp", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4B */ row("cmovnp", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4C */ row("cmovl", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4D */ row("cmovge", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4E */ row("cmovle", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 4F */ row("cmovg", [Gv, Ev], v!(data::cmov)).needs(Cmov).at(),
    /* 50 */ Undefined,
    /* 51 */ Undefined,
    /* 52 */ Undefined,
    /* 53 */ Undefined,
    /* 54 */ Undefined,
    /* 55 */ Undefined,
    /* 56 */ Undefined,
    /* 57 */ Undefined,
    /* 58 */ Undefined,
    /* 59 */ Undefined,
    /* 5A */ Undefined,
    /* 5B */ Undefined,
    /* 5C */ Undefined,
    /* 5D */ Undefined,
    /* 5E */ Undefined,
    /* 5F */ Undefined,
    /* 60 */ Undefined,
    /* 61 */ Undefined,
    /* 62 */ Undefined,
    /* 63 */ Undefined,
    /* 64 */ Undefined,
    /* 65 */ Undefined,
    /* 66 */ Undefined,
    /* 67 */ Undefined,
    /* 68 */ Undefined,
    /* 69 */ Undefined,
    /* 6A */ Undefined,
    /* 6B */ Undefined,
    /* 6C */ Undefined,
    /* 6D */ Undefined,
    /* 6E */ Undefined,
    /* 6F */ Undefined,
    /* 70 */ Undefined,
    /* 71 */ Undefined,
    /* 72 */ Undefined,
    /* 73 */ Undefined,
    /* 74 */ Undefined,
    /* 75 */ Undefined,
    /* 76 */ Undefined,
    /* 77 */ Undefined,
    /* 78 */ Undefined,
    /* 79 */ Undefined,
    /* 7A */ Undefined,
    /* 7B */ Undefined,
    /* 7C */ Undefined,
    /* 7D */ Undefined,
    /* 7E */ Undefined,
    /* 7F */ Undefined,
    /* 80 */ row("jo", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 81 */ row("jno", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 82 */ row("jb", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 83 */ row("jae", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 84 */ row("je", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 85 */ row("jne", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 86 */ row("jbe", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 87 */ row("ja", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 88 */ row("js", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 89 */ row("jns", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8A */ row("jp", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8B */ row("jnp", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8C */ row("jl", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8D */ row("jge", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8E */ row("jle", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 8F */ row("jg", [Jz], n!(control::jcc)).ends().needs(I386).at(),
    /* 90 */ row("seto", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 91 */ row("setno", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 92 */ row("setb", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 93 */ row("setae", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 94 */ row("sete", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 95 */ row("setne", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 96 */ row("setbe", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 97 */ row("seta", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 98 */ row("sets", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 99 */ row("setns", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9A */ row("setp", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9B */ row("setnp", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9C */ row("setl", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9D */ row("setge", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9E */ row("setle", [Eb], n!(data::setcc)).needs(I386).at(),
    /* 9F */ row("setg", [Eb], n!(data::setcc)).needs(I386).at(),
    /* A0 */
    row("push", [Seg(Fs)], v!(segments::push_sreg))
        .needs(I386)
        .at(),
    /* A1 */
    row("pop", [Seg(Fs)], v!(segments::pop_sreg))
        .ends()
        .needs(I386)
        .at(),
    /* A2 */ row("cpuid", [], n!(system::cpuid)).needs(Cpuid).at(),
    /* A3 */ row("bt", [Ev, Gv], v!(bit::bt)).needs(I386).at(),
    /* A4 */
    row("shld", [Ev, Gv, Ib], v!(shift::shld_immediate))
        .needs(I386)
        .at(),
    /* A5 */ row("shld", [Ev, Gv, Cl], v!(shift::shld_cl))
        .needs(I386)
        .at(),
    /* A6 */ Undefined,
    /* A7 */ Undefined,
    /* A8 */
    row("push", [Seg(Gs)], v!(segments::push_sreg))
        .needs(I386)
        .at(),
    /* A9 */
    row("pop", [Seg(Gs)], v!(segments::pop_sreg))
        .ends()
        .needs(I386)
        .at(),
    /* AA */ row("rsm", [], n!(system::rsm)).ends().needs(I386).at(),
    /* AB */ row("bts", [Ev, Gv], v!(bit::bts)).lock().needs(I386).at(),
    /* AC */
    row("shrd", [Ev, Gv, Ib], v!(shift::shrd_immediate))
        .needs(I386)
        .at(),
    /* AD */ row("shrd", [Ev, Gv, Cl], v!(shift::shrd_cl))
        .needs(I386)
        .at(),
    /* AE */ Undefined,
    /* AF */ row("imul", [Gv, Ev], v!(muldiv::imul_two)).needs(I386).at(),
    /* B0 */
    row("cmpxchg", [Eb, Gb], b!(arithmetic::cmpxchg))
        .lock()
        .needs(I486)
        .at(),
    /* B1 */
    row("cmpxchg", [Ev, Gv], v!(arithmetic::cmpxchg))
        .lock()
        .needs(I486)
        .at(),
    /* B2 */
    row("lss", [Gv, M], v!(segments::lss))
        .ends()
        .needs(I386)
        .at(),
    /* B3 */ row("btr", [Ev, Gv], v!(bit::btr)).lock().needs(I386).at(),
    /* B4 */
    row("lfs", [Gv, M], v!(segments::lfs))
        .ends()
        .needs(I386)
        .at(),
    /* B5 */
    row("lgs", [Gv, M], v!(segments::lgs))
        .ends()
        .needs(I386)
        .at(),
    /* B6 */ row("movzx", [Gv, Eb], v!(data::movzx_byte))
        .needs(I386)
        .at(),
    /* B7 */ row("movzx", [Gv, Ew], v!(data::movzx_word))
        .needs(I386)
        .at(),
    /* B8 */ Undefined,
    /* B9 */ Entry::UndefinedModRm,
    /* BA */ Group(&GROUP_8),
    /* BB */ row("btc", [Ev, Gv], v!(bit::btc)).lock().needs(I386).at(),
    /* BC */ row("bsf", [Gv, Ev], v!(bit::bsf)).needs(I386).at(),
    /* BD */ row("bsr", [Gv, Ev], v!(bit::bsr)).needs(I386).at(),
    /* BE */ row("movsx", [Gv, Eb], v!(data::movsx_byte))
        .needs(I386)
        .at(),
    /* BF */ row("movsx", [Gv, Ew], v!(data::movsx_word))
        .needs(I386)
        .at(),
    /* C0 */
    row("xadd", [Eb, Gb], b!(arithmetic::xadd))
        .lock()
        .needs(I486)
        .at(),
    /* C1 */
    row("xadd", [Ev, Gv], v!(arithmetic::xadd))
        .lock()
        .needs(I486)
        .at(),
    /* C2 */ Undefined,
    /* C3 */ Undefined,
    /* C4 */ Undefined,
    /* C5 */ Undefined,
    /* C6 */ Undefined,
    /* C7 */ Group(&GROUP_9),
    /* C8 */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* C9 */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CA */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CB */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CC */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CD */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CE */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* CF */ row("bswap", [Z], v!(bit::bswap)).needs(I486).at(),
    /* D0 */ Undefined,
    /* D1 */ Undefined,
    /* D2 */ Undefined,
    /* D3 */ Undefined,
    /* D4 */ Undefined,
    /* D5 */ Undefined,
    /* D6 */ Undefined,
    /* D7 */ Undefined,
    /* D8 */ Undefined,
    /* D9 */ Undefined,
    /* DA */ Undefined,
    /* DB */ Undefined,
    /* DC */ Undefined,
    /* DD */ Undefined,
    /* DE */ Undefined,
    /* DF */ Undefined,
    /* E0 */ Undefined,
    /* E1 */ Undefined,
    /* E2 */ Undefined,
    /* E3 */ Undefined,
    /* E4 */ Undefined,
    /* E5 */ Undefined,
    /* E6 */ Undefined,
    /* E7 */ Undefined,
    /* E8 */ Undefined,
    /* E9 */ Undefined,
    /* EA */ Undefined,
    /* EB */ Undefined,
    /* EC */ Undefined,
    /* ED */ Undefined,
    /* EE */ Undefined,
    /* EF */ Undefined,
    /* F0 */ Undefined,
    /* F1 */ Undefined,
    /* F2 */ Undefined,
    /* F3 */ Undefined,
    /* F4 */ Undefined,
    /* F5 */ Undefined,
    /* F6 */ Undefined,
    /* F7 */ Undefined,
    /* F8 */ Undefined,
    /* F9 */ Undefined,
    /* FA */ Undefined,
    /* FB */ Undefined,
    /* FC */ Undefined,
    /* FD */ Undefined,
    /* FE */ Undefined,
    /* FF */ Entry::UndefinedModRm,
];
