//! Sequences of 64-bit code, and of code in segments that must be looked at.

use super::super::alu::{self, Add, And, Bswap, Cmp, Inc, Not, Quiet, Sbb, Sub, Test, Xor};
use super::super::dispatch::{ANY_CODE, Dispatch, LONG_CODE, Then};
use super::super::moves::{self, Zero};
use super::super::operand::{BASED, DST, INDEXED, LONG_BASE, LONG_INDEX, LONG_RIP, SRC, STACK_ANY, STACK_LONG, WORD};
use super::super::shift::{self, Rol, Sar, Shl, Shr};
use super::super::{Fast, branch, pairs, stack};
use super::{Row, handler, parts, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    { alu::imul_rm[u32, LONG_INDEX, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    { alu::imul_rri[u32, 0]; alu::ri[Quiet<Add>, u64, 0]; alu::ri[Quiet<Add>, u32, 0] }
    {
        alu::imul_rri[u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST];
        moves::lea[u64, LONG_INDEX, { BASED | INDEXED }]; alu::ri[Quiet<Add>, u32, 0]
    }
    {
        alu::imul_rri[u32, SRC]; alu::rr[Quiet<Sub>, u32, SRC]; alu::ri[Add, u32, DST];
        moves::mov_mr[u8, LONG_INDEX, SRC]; branch::ret![u64, STACK_LONG]
    }
    { alu::ri[Cmp, u32, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::rr[Add, u64, SRC]; branch::jmp![LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 4, DST, LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 4, SRC, LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, LONG_CODE] }
    {
        alu::ri[Quiet<Add>, u64, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; alu::r[Not, u32, DST];
        alu::rr[Quiet<And>, u32, DST]
    }
    { alu::ri[Quiet<Add>, u64, 0]; pairs::ri![pairs::Cmp, u64, 5, DST, LONG_CODE] }
    {
        alu::ri[Quiet<And>, u32, 0]; shift::r_imm[Shr, u32, 0]; moves::lea[u32, LONG_INDEX, 0];
        moves::mov_rm[u32, LONG_BASE, 0]
    }
    { alu::ri[Sub, u32, 0]; branch::jcc_long![4] }
    { alu::rm[Quiet<Add>, u8, WORD, 0]; alu::r[Quiet<Inc>, u16, 0]; pairs::ri![pairs::Cmp, u16, 2, 0, ANY_CODE] }
    { alu::rm[Sub, u32, LONG_INDEX, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        alu::rr[Add, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        alu::ri[Sub, u32, 0]; branch::jcc_long![5]
    }
    { alu::rr[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    { alu::rr[Add, u32, DST]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0]; branch::jmp![LONG_CODE] }
    {
        alu::rr[Add, u32, SRC]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rr[u64, 0]
    }
    {
        alu::rr[Add, u64, DST]; moves::mov_mr[u64, LONG_BASE, SRC]; alu::rr[Quiet<Add>, u64, SRC];
        alu::ri[Quiet<Add>, u64, 0]; pairs::rr![pairs::Cmp, u64, 5, SRC, LONG_CODE]
    }
    {
        alu::rr[Cmp, u32, 0]; moves::cmov[15]; alu::ri[And, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        branch::call![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; alu::rr[Quiet<Add>, u32, SRC]; moves::mov_rr[u32, 0];
        pairs::ri![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::imul_rr[u32, DST];
        pairs::rr![pairs::Cmp, u32, 2, SRC, LONG_CODE]
    }
    {
        alu::rr[Quiet<Add>, u32, DST]; shift::r_imm[Sar, u32, DST]; moves::cbw[u64, 0];
        moves::mov_rm[u32, LONG_INDEX, INDEXED]
    }
    {
        alu::rr[Quiet<And>, u32, 0]; alu::rr[Quiet<Add>, u32, SRC]; moves::mov_rr[u32, SRC];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Sbb>, u32, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Add, u32, DST];
        moves::mov_mr[u32, LONG_BASE, 0]; branch::call![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Sbb>, u32, DST]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Quiet<And>, u32, 0];
        alu::ri[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0];
        branch::ret![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Sub, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Sub, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Sar>, u32, 0]; alu::rr[Add, u32, SRC];
        moves::mov_mr[u16, LONG_BASE, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Quiet<Add>, u32, DST];
        alu::ri[Cmp, u32, 0]; moves::mov_mr[u16, LONG_INDEX, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Sar>, u32, 0];
        alu::rr[Add, u32, SRC]; moves::mov_mr[u16, LONG_BASE, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Add, u32, DST];
        moves::mov_mr[u16, LONG_INDEX, 0]
    }
    { alu::rr[Quiet<Xor>, u32, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    {
        alu::rr[Quiet<Xor>, u32, 0]; shift::r_imm[Shr, u32, 0]; moves::extend_rr[Zero, u8, u32, 0];
        alu::rm[Quiet<Xor>, u32, LONG_INDEX, INDEXED]; pairs::rr![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Xor>, u32, DST]; alu::rr[Quiet<And>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST];
        moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]
    }
    { alu::rr[Sub, u32, 0]; branch::ret![u64, STACK_LONG] }
    { alu::rr[Test, u32, 0]; moves::cmov[8]; alu::rr[Xor, u32, 0]; branch::jmp![LONG_CODE] }
    {
        moves::cmov_64[4]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; alu::ri[Sub, u32, 0];
        branch::jcc_long![5]
    }
    { moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST];
        alu::imul_rr[u32, DST]; pairs::rr![pairs::Cmp, u32, 3, SRC, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; branch::jmp![LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; moves::mov_mr[u16, LONG_BASE, 0]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; alu::imul_rr[u32, SRC]; moves::mov_rr[u32, 0];
        pairs::rr![pairs::Cmp, u32, 3, 0, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::imul_rr[u32, DST];
        moves::mov_rr[u32, 0]; pairs::rr![pairs::Cmp, u32, 3, 0, LONG_CODE]
    }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u64, 0] }
    {
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_BASE, 0];
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Cmp, u8, 4, DST, LONG_CODE] }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u8, 5, { DST | SRC }, LONG_CODE] }
    {
        moves::extend_rm[Zero, u8, u32, LONG_BASE, BASED]; moves::extend_rm[Zero, u8, u32, LONG_BASE, 0];
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0];
        moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    { moves::extend_rr[Zero, u8, u32, 0]; pairs::ri![pairs::Cmp, u8, 7, 0, LONG_CODE] }
    {
        moves::lea[u32, LONG_INDEX, 0]; alu::ri[Cmp, u32, 0]; moves::cmov[6]; moves::mov_mr[u32, LONG_BASE, 0];
        pairs::rm![pairs::Cmp, u64, 2, LONG_BASE, 0]
    }
    { moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, SRC] }
    { moves::lea[u32, LONG_INDEX, 0]; alu::rr[Sub, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::lea[u32, LONG_INDEX, 0]; branch::ret![u64, STACK_LONG] }
    { moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0] }
    {
        moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shr>, u32, DST]
    }
    { moves::lea[u32, LONG_INDEX, 0]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u64, DST]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC];
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC];
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, SRC]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC]; moves::mov_mr[u8, LONG_INDEX, 0];
        moves::mov_rm[u64, LONG_BASE, DST]; pairs::mr![pairs::Cmp, u64, 3, LONG_BASE, 0]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Quiet<Shl>, u32, 0];
        alu::rr[Xor, u32, 0]
    }
    { moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, 0];
        shift::r_imm[Shr, u32, 0]; branch::call![u64, STACK_LONG]
    }
    { moves::lea[u64, LONG_INDEX, 0]; pairs::rr![pairs::Test, u64, 5, 0, LONG_CODE] }
    {
        moves::lea[u64, LONG_INDEX, INDEXED]; alu::rr[Quiet<Add>, u64, DST];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_mr[u16, LONG_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    { moves::mov_mr[u16, LONG_INDEX, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u32, 0]; alu::ri[Sub, u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u32, 0]; alu::ri[Sub, u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]; pairs::rr![pairs::Cmp, u32, 14, SRC, LONG_CODE]
    }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; alu::rr[Sub, u64, 0]; moves::lea[u64, LONG_INDEX, { BASED | INDEXED }];
        branch::jmp![LONG_CODE]
    }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        alu::r[Not, u32, 0]; alu::rr[Quiet<And>, u32, SRC]
    }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u16, LONG_INDEX, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_mr[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0];
        moves::mov_mr[u8, LONG_INDEX, SRC]; alu::rm[Cmp, u64, LONG_BASE, 0]
    }
    { moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, SRC]; branch::ret![u64, STACK_LONG] }
    {
        moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0];
        pairs::ri![pairs::Cmp, u32, 6, 0, LONG_CODE]
    }
    { moves::mov_ri[u32, 0]; alu::ri[Quiet<Add>, u64, 0]; shift::r_imm[Shl, u64, DST]; branch::jmp![LONG_CODE] }
    { moves::mov_ri[u32, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_ri[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0];
        branch::jmp![LONG_CODE]
    }
    { moves::mov_ri[u32, 0]; shift::r_cl[Shl, u32, DST]; alu::mr[Add, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rm[u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        pairs::rr![pairs::Cmp, u32, 13, DST, LONG_CODE]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, DST];
        moves::mov_mr[u64, LONG_BASE, SRC]; branch::call![u64, STACK_LONG]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; alu::rr[Cmp, u32, SRC]; moves::cmov[7];
        moves::lea[u32, LONG_INDEX, BASED]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, 0];
        alu::rm[Quiet<And>, u32, LONG_BASE, 0]; alu::rr[Sub, u32, 0]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        alu::rr[Quiet<And>, u32, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, 0]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; alu::rm[Quiet<Sub>, u64, LONG_BASE, DST];
        alu::rr[Cmp, u64, DST]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        pairs::mr![pairs::Cmp, u64, 2, LONG_BASE, 0]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, INDEXED];
        moves::mov_rm[u32, LONG_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u64, 0]; alu::rr[Quiet<Sub>, u64, DST];
        alu::ri[Quiet<Sub>, u64, DST]; pairs::rr![pairs::Cmp, u64, 2, 0, LONG_CODE]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG] }
    {
        moves::mov_rm[u32, LONG_INDEX, 0]; alu::r[Bswap, u32, DST]; moves::mov_mr[u32, LONG_INDEX, 0];
        alu::ri[Quiet<Add>, u64, 0]; pairs::ri![pairs::Cmp, u64, 5, DST, LONG_CODE]
    }
    { moves::mov_rm[u32, LONG_INDEX, 0]; alu::rm[Quiet<Add>, u32, LONG_BASE, 0] }
    {
        moves::mov_rm[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0];
        moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    { moves::mov_rm[u32, LONG_INDEX, INDEXED]; pairs::ri![pairs::Test, u8, 5, DST, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, BASED] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, BASED]; alu::rr[Quiet<Sub>, u64, DST];
        pairs::rr![pairs::Cmp, u64, 2, 0, LONG_CODE]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, 0];
        shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    {
        moves::mov_rm[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Add, u64, 0];
        branch::call![u64, STACK_LONG]
    }
    {
        moves::mov_rm[u64, LONG_RIP, 0]; alu::ri[Quiet<Add>, u32, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Shr, u32, DST]; moves::mov_mr[u8, LONG_INDEX, SRC]
    }
    { moves::mov_rr[u32, 0]; alu::mi[Quiet<Sub>, u32, LONG_INDEX, INDEXED]; alu::ri[Add, u64, 0] }
    { moves::mov_rr[u32, 0]; alu::r[Not, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::rm[Xor, u32, LONG_INDEX, 0] }
    {
        moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0];
        moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0];
        pairs::rr![pairs::Test, u32, 4, { DST | SRC }, LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
    { moves::mov_rr[u32, 0]; alu::ri[Xor, u32, DST]; branch::ret![u64, STACK_LONG] }
    {
        moves::mov_rr[u32, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, INDEXED];
        pairs::rm![pairs::Cmp, u32, 3, LONG_BASE, 0]
    }
    { moves::mov_rr[u32, 0]; moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Xor>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0] }
    {
        moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, INDEXED]; alu::rr[Quiet<Add>, u64, DST];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; alu::imul_rri[u64, SRC];
        shift::r_imm[Quiet<Shr>, u64, DST]
    }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0];
        alu::mr[Add, u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0];
        pairs::rr![pairs::Cmp, u32, 13, SRC, LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0];
        branch::call![u64, STACK_LONG]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Quiet<Sar>, u32, 0]; alu::rr[Xor, u32, SRC];
        branch::jmp![LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; pairs::rr![pairs::Test, u32, 5, 0, LONG_CODE] }
    { moves::mov_rr[u32, 0]; shift::r_cl[Shl, u32, DST]; alu::mr[Add, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Add, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Sar, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Shr, u16, 0]; moves::mov_mr[u32, LONG_BASE, 0]; alu::rr[Sub, u32, SRC] }
    {
        moves::mov_rr[u32, SRC]; moves::lea[u64, LONG_INDEX, { BASED | INDEXED }]; shift::r_imm[Quiet<Shl>, u64, DST];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u32, SRC]; shift::r_imm[Sar, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0];
        pairs::rr![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u64, 0]; moves::cmov_64[7]; alu::rr[Sub, u32, SRC]; moves::mov_rr[u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u64, 0];
        alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 12, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Sub>, u64, 0];
        alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u32, 15, 0, LONG_CODE]
    }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0]; pairs::rm![pairs::Cmp, u64, 3, LONG_BASE, 0] }
    {
        moves::mov_rr[u64, SRC]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Sub>, u64, 0];
        alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u32, 15, 0, LONG_CODE]
    }
    {
        shift::r_cl[Shl, u64, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Quiet<Shr>, u32, 0]; moves::mov_rr[u32, SRC];
        alu::rr[Quiet<Add>, u32, DST]
    }
    {
        shift::r_imm[Quiet<Rol>, u32, 0]; alu::ri[Add, u32, 0]; moves::mov_mr[u32, LONG_INDEX, 0];
        alu::rr[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 4, 0, LONG_CODE]
    }
    { shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Quiet<And>, u32, SRC]; moves::lea[u32, LONG_INDEX, 0] }
    {
        shift::r_imm[Quiet<Shl>, u32, 0]; shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        moves::mov_mr[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]
    }
    {
        shift::r_imm[Quiet<Shl>, u64, 0]; moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, 0];
        shift::r_imm[Shr, u32, 0]
    }
    { shift::r_imm[Quiet<Shl>, u64, DST]; moves::mov_ri[u32, 0] }
    {
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Sub, u32, SRC]; moves::mov_rr[u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]
    }
    { shift::r_imm[Shl, u32, 0]; moves::mov_ri[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { shift::r_imm[Shl, u64, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { shift::r_imm[Shl, u64, DST]; moves::lea[u64, LONG_INDEX, BASED]; moves::mov_rr[u32, 0] }
    { stack::pop_r[u16, STACK_ANY]; alu::ri[Add, u16, 0]; pairs::step_zero![u16, { pairs::DEC }, 5, 0, ANY_CODE] }
    { stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG] }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u32, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u32, 0]
    }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; moves::lea[u32, LONG_INDEX, BASED] }
}
