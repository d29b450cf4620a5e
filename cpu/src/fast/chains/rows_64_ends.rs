//! Sequences that end a trace of 64-bit code, or of code in segments that must be looked at.

use super::super::alu::{self, Adc, Add, And, Bswap, Cmp, Dec, Inc, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Xor};
use super::super::dispatch::{Dispatch, Then};
use super::super::links::{ANY_CODE, LONG_CODE};
use super::super::moves::{self, Sign, Zero};
use super::super::operand::{
    BASED, DST, INDEXED, LONG_BASE, LONG_INDEX, LONG_RIP, LONG_SEGMENT, SRC, STACK_LONG, WORD,
};
use super::super::shift::{self, Rol, Sar, Shl, Shr};
use super::super::{Fast, branch, pairs, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    { alu::imul_rm[u32, LONG_INDEX, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        alu::imul_rri[Quiet<Product>, u32, SRC]; alu::rr[Quiet<Sub>, u32, SRC]; alu::ri[Add, u32, DST];
        moves::mov_mr[u8, LONG_INDEX, SRC]; branch::ret![u64, STACK_LONG]
    }
    { alu::mi[Cmp, u64, LONG_SEGMENT, 0]; branch::jcc_long![4] }
    { alu::mi[Test, u8, LONG_INDEX, 0]; branch::jcc_long![5] }
    { alu::mr[Cmp, u8, LONG_INDEX, 0]; branch::jcc_long![4] }
    { alu::r[Dec, u32, 0]; branch::jcc_long![8] }
    { alu::r[Quiet<Dec>, u32, 0]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
    { alu::ri[Add, u32, 0]; branch::jcc_long![5] }
    {
        alu::ri[Add, u64, 0]; moves::mov_rr[u64, 0]; moves::extend_rm[Sign, u8, u64, LONG_BASE, BASED];
        moves::lea[u64, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    { alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG] }
    { alu::ri[And, u32, 0]; branch::jcc_long![4] }
    {
        alu::ri[And, u32, 0]; moves::extend_rm[Zero, u16, u32, LONG_INDEX, INDEXED];
        pairs::mr![pairs::Cmp, u32, 3, LONG_BASE, 0]
    }
    { alu::ri[And, u32, DST]; branch::jcc_long![5] }
    { alu::ri[Cmp, u64, 0]; alu::rr[Quiet<Sbb>, u64, 0]; pairs::rr![pairs::Test, u8, 4, 0, LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::rr[Add, u64, SRC]; branch::jmp![LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 4, DST, LONG_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, LONG_CODE] }
    { alu::ri[Quiet<Add>, u64, 0]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Sub, u32, 0]; branch::jcc_long![4] }
    { alu::ri[Quiet<Add>, u64, 0]; pairs::ri![pairs::Cmp, u64, 5, DST, LONG_CODE] }
    { alu::ri[Quiet<And>, u16, 0]; pairs::ri![pairs::Cmp, u16, 4, 0, ANY_CODE] }
    { alu::ri[Quiet<And>, u32, 0]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
    { alu::ri[Quiet<And>, u32, DST]; alu::rr[Quiet<Sub>, u32, DST]; pairs::ri![pairs::Cmp, u32, 4, DST, LONG_CODE] }
    {
        alu::ri[Quiet<And>, u64, 0]; moves::lea[u64, LONG_INDEX, BASED]; shift::r_imm[Shr, u64, DST];
        moves::mov_rm[u64, LONG_SEGMENT, 0]; pairs::rr![pairs::Test, u64, 4, { DST | SRC }, LONG_CODE]
    }
    { alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u64, 4, 0, LONG_CODE] }
    {
        alu::ri[Quiet<Sub>, u64, 0]; alu::rr[Quiet<Add>, u32, 0]; alu::ri[Quiet<Sub>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 15, DST, LONG_CODE]
    }
    { alu::ri[Sub, u32, 0]; branch::jcc_long![4] }
    { alu::ri[Sub, u64, 0]; branch::jcc_long![2] }
    { alu::rm[Quiet<Add>, u8, WORD, 0]; alu::r[Quiet<Inc>, u16, 0]; pairs::ri![pairs::Cmp, u16, 2, 0, ANY_CODE] }
    { alu::rm[Sub, u32, LONG_INDEX, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        alu::rm[Xor, u64, LONG_INDEX, DST]; moves::mov_mr[u64, LONG_BASE, SRC]; moves::mov_mr[u64, LONG_INDEX, 0];
        moves::mov_mr[u16, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    {
        alu::rr[Adc, u64, 0]; moves::mov_mr[u64, LONG_BASE, 0]; alu::rr[Quiet<Add>, u64, DST]; alu::ri[Add, u32, 0];
        branch::jcc_long![5]
    }
    {
        alu::rr[Add, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        alu::ri[Sub, u32, 0]; branch::jcc_long![5]
    }
    { alu::rr[Add, u32, DST]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0]; branch::jmp![LONG_CODE] }
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
        alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Add>, u32, 0];
        pairs::ri![pairs::Cmp, u64, 4, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 2, SRC, LONG_CODE]
    }
    { alu::rr[Quiet<Add>, u64, SRC]; pairs::rr![pairs::Cmp, u32, 5, 0, LONG_CODE] }
    {
        alu::rr[Quiet<And>, u32, 0]; alu::rr[Quiet<Add>, u32, SRC]; moves::mov_rr[u32, SRC];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Or>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Test, u8, 0]; moves::cmov[5];
        branch::ret![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Sbb>, u32, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Add, u32, DST];
        moves::mov_mr[u32, LONG_BASE, 0]; branch::call![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0];
        branch::ret![u64, STACK_LONG]
    }
    {
        alu::rr[Quiet<Xor>, u32, 0]; alu::ri[Sub, u64, 0]; moves::mov_mr[u64, LONG_BASE, 0];
        moves::mov_rm[u64, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    { alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Xor, u32, 0]; branch::call![u64, STACK_LONG] }
    { alu::rr[Quiet<Xor>, u32, 0]; pairs::ri![pairs::Cmp, u64, 13, 0, LONG_CODE] }
    { alu::rr[Quiet<Xor>, u32, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    {
        alu::rr[Quiet<Xor>, u32, 0]; shift::r_imm[Shr, u32, 0]; moves::extend_rr[Zero, u8, u32, 0];
        alu::rm[Quiet<Xor>, u32, LONG_INDEX, INDEXED]; pairs::rr![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    {
        alu::rr[Quiet<Xor>, u32, DST]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, LONG_BASE, 0];
        pairs::rr![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    { alu::rr[Quiet<Xor>, u32, DST]; pairs::rr![pairs::Test, u64, 5, 0, LONG_CODE] }
    { alu::rr[Sub, u32, 0]; branch::ret![u64, STACK_LONG] }
    { alu::rr[Test, u32, 0]; moves::cmov[8]; alu::rr[Xor, u32, 0]; branch::jmp![LONG_CODE] }
    {
        alu::rr[Test, u64, 0]; stack::pop_r[u64, STACK_LONG]; moves::mov_rm[u64, LONG_BASE, 0];
        moves::mov_rm[u64, LONG_BASE, 0]; branch::jcc_long![14]
    }
    { alu::rr[Xor, u32, 0]; branch::call![u64, STACK_LONG] }
    { alu::rr[Xor, u32, 0]; branch::jmp![LONG_CODE] }
    {
        alu::rr[Xor, u32, DST]; moves::mov_mr[u64, LONG_BASE, SRC]; stack::pop_r[u64, STACK_LONG];
        branch::ret![u64, STACK_LONG]
    }
    {
        moves::cmov_64[4]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; alu::ri[Sub, u32, 0];
        branch::jcc_long![5]
    }
    {
        moves::extend_rm[Sign, u8, u64, LONG_BASE, 0]; moves::lea[u32, LONG_INDEX, BASED];
        pairs::ri![pairs::Cmp, u8, 6, DST, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; alu::ri[Quiet<And>, u16, 0];
        pairs::ri![pairs::Cmp, u16, 4, 0, ANY_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST];
        alu::imul_rr[Quiet<Product>, u32, DST]; pairs::rr![pairs::Cmp, u32, 3, SRC, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; branch::jmp![LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]; moves::mov_rr[u32, 0];
        pairs::rr![pairs::Cmp, u32, 3, 0, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; moves::mov_rr[u64, SRC];
        pairs::rr![pairs::Cmp, u64, 2, 0, LONG_CODE]
    }
    { moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; pairs::rr![pairs::Test, u16, 4, 0, ANY_CODE] }
    {
        moves::extend_rm[Zero, u16, u32, LONG_INDEX, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, DST];
        moves::mov_rr[u32, 0]; pairs::rr![pairs::Cmp, u32, 3, 0, LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_BASE, 0];
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Cmp, u8, 4, DST, LONG_CODE] }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u8, 4, { DST | SRC }, LONG_CODE] }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u8, 5, { DST | SRC }, LONG_CODE] }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u8, 9, { DST | SRC }, LONG_CODE] }
    {
        moves::extend_rm[Zero, u8, u32, LONG_BASE, BASED]; moves::extend_rm[Zero, u8, u32, LONG_BASE, 0];
        moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0];
        moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Quiet<And>, u32, 0];
        pairs::ri![pairs::Cmp, u8, 5, DST, LONG_CODE]
    }
    { moves::extend_rr[Zero, u8, u32, 0]; alu::rm[Xor, u32, LONG_INDEX, INDEXED]; branch::jmp![LONG_CODE] }
    { moves::extend_rr[Zero, u8, u32, 0]; pairs::ri![pairs::Cmp, u8, 7, 0, LONG_CODE] }
    {
        moves::extend_rr[Zero, u8, u32, SRC]; moves::mov_rm[u32, LONG_INDEX, INDEXED];
        pairs::ri![pairs::Test, u8, 5, DST, LONG_CODE]
    }
    {
        moves::lea[u32, LONG_INDEX, 0]; alu::ri[Cmp, u32, 0]; moves::cmov[6]; moves::mov_mr[u32, LONG_BASE, 0];
        pairs::rm![pairs::Cmp, u64, 2, LONG_BASE, 0]
    }
    { moves::lea[u32, LONG_INDEX, 0]; alu::rr[Sub, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::lea[u32, LONG_INDEX, 0]; branch::ret![u64, STACK_LONG] }
    { moves::lea[u32, LONG_INDEX, 0]; pairs::ri![pairs::Cmp, u8, 6, DST, LONG_CODE] }
    { moves::lea[u32, LONG_INDEX, 0]; pairs::ri![pairs::Cmp, u8, 7, DST, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u64, DST]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; alu::rr[Quiet<Xor>, u32, 0]; pairs::ri![pairs::Cmp, u64, 6, 0, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; branch::call![u64, STACK_LONG] }
    { moves::lea[u64, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; alu::ri[And, u32, DST];
        branch::jcc_long![5]
    }
    { moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, 0]; branch::call![u64, STACK_LONG] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC]; moves::mov_mr[u8, LONG_INDEX, 0];
        moves::mov_rm[u64, LONG_BASE, DST]; pairs::mr![pairs::Cmp, u64, 3, LONG_BASE, 0]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_rm[u64, LONG_INDEX, INDEXED];
        pairs::ri![pairs::Test, u8, 5, DST, LONG_CODE]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, 0];
        shift::r_imm[Shr, u32, 0]; branch::call![u64, STACK_LONG]
    }
    { moves::lea[u64, LONG_INDEX, 0]; pairs::rr![pairs::Test, u64, 5, 0, LONG_CODE] }
    { moves::lea[u64, LONG_INDEX, 0]; shift::r_imm[Shr, u64, DST]; pairs::rm![pairs::Cmp, u64, 3, LONG_RIP, 0] }
    {
        moves::lea[u64, LONG_INDEX, INDEXED]; alu::rr[Quiet<Add>, u64, DST];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_mi[u32, LONG_BASE, 0]; pairs::ri![pairs::Cmp, u8, 4, 0, LONG_CODE] }
    {
        moves::mov_mi[u64, LONG_BASE, 0]; alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    { moves::mov_mi[u64, LONG_BASE, 0]; moves::mov_rr[u32, 0]; pairs::rr![pairs::Test, u32, 14, 0, LONG_CODE] }
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
    { moves::mov_mr[u32, LONG_BASE, 0]; branch::call![u64, STACK_LONG] }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u16, LONG_INDEX, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_mr[u32, LONG_SEGMENT, 0]; alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    { moves::mov_mr[u64, LONG_BASE, 0]; branch::jcc_long![3] }
    { moves::mov_mr[u64, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, SRC]; branch::ret![u64, STACK_LONG] }
    { moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_ri[u32, 0]; pairs::rr![pairs::Test, u64, 5, 0, LONG_CODE] }
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
    {
        moves::mov_ri[u32, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; alu::rr[Sub, u32, 0];
        branch::call![u64, STACK_LONG]
    }
    { moves::mov_ri[u32, 0]; shift::r_cl[Shl, u32, DST]; alu::mr[Add, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_ri[u64, 0]; alu::rr[Xor, u32, 0]; moves::mov_rm[u64, LONG_SEGMENT, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_ri[u64, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u32, LONG_SEGMENT, 0];
        pairs::ri![pairs::Test, u8, 5, 0, LONG_CODE]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 5, DST, LONG_CODE] }
    { moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
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
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        alu::rr[Quiet<And>, u32, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
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
    { moves::mov_rm[u32, LONG_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, DST, LONG_CODE] }
    { moves::mov_rm[u32, LONG_BASE, 0]; pairs::ri![pairs::Test, u32, 5, DST, LONG_CODE] }
    { moves::mov_rm[u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u32, 4, { DST | SRC }, LONG_CODE] }
    { moves::mov_rm[u32, LONG_BASE, 0]; pairs::rr![pairs::Test, u32, 5, { DST | SRC }, LONG_CODE] }
    {
        moves::mov_rm[u32, LONG_INDEX, 0]; alu::r[Bswap, u32, DST]; moves::mov_mr[u32, LONG_INDEX, 0];
        alu::ri[Quiet<Add>, u64, 0]; pairs::ri![pairs::Cmp, u64, 5, DST, LONG_CODE]
    }
    {
        moves::mov_rm[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0];
        moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::rm[Sub, u64, LONG_SEGMENT, 0]; branch::jcc_long![4] }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::rm[Sub, u64, LONG_SEGMENT, 0]; branch::jcc_long![5] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0]; moves::lea[u32, LONG_INDEX, 0];
        pairs::ri![pairs::Cmp, u8, 6, DST, LONG_CODE]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rm[u64, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, BASED]; alu::rr[Quiet<Sub>, u64, DST];
        pairs::rr![pairs::Cmp, u64, 2, 0, LONG_CODE]
    }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0];
        moves::mov_rr[u64, SRC]; branch::call![u64, STACK_LONG]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_ri[u32, 0]; branch::call![u64, STACK_LONG] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; alu::rr[Test, u64, 0];
        moves::mov_mr[u64, LONG_BASE, 0]; branch::jcc_long![4]
    }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, BASED];
        pairs::rr![pairs::Test, u64, 14, { DST | SRC }, LONG_CODE]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::ri![pairs::Cmp, u8, 4, 0, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::ri![pairs::Test, u8, 4, DST, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::ri![pairs::Test, u8, 5, DST, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::rm![pairs::Cmp, u64, 5, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::rr![pairs::Test, u64, 4, { DST | SRC }, LONG_CODE] }
    { moves::mov_rm[u64, LONG_BASE, 0]; pairs::rr![pairs::Test, u64, 8, { DST | SRC }, LONG_CODE] }
    {
        moves::mov_rm[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Add, u64, 0];
        branch::call![u64, STACK_LONG]
    }
    {
        moves::mov_rm[u64, LONG_INDEX, BASED]; moves::mov_rm[u64, LONG_BASE, 0];
        pairs::rr![pairs::Test, u64, 5, { DST | SRC }, LONG_CODE]
    }
    {
        moves::mov_rm[u64, LONG_RIP, 0]; moves::mov_rm[u64, LONG_RIP, 0]; moves::lea[u64, LONG_INDEX, 0];
        pairs::mr![pairs::Cmp, u64, 4, LONG_BASE, 0]
    }
    { moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_rr[u64, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    { moves::mov_rm[u8, LONG_BASE, 0]; alu::rr[Add, u64, 0]; alu::mr[Cmp, u8, LONG_INDEX, BASED]; branch::jcc_long![5] }
    { moves::mov_rr[u32, 0]; alu::r[Not, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_mr[u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE] }
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
    { moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_rr[u32, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, INDEXED];
        pairs::rm![pairs::Cmp, u32, 3, LONG_BASE, 0]
    }
    { moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE] }
    {
        moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0];
        alu::mr[Add, u32, LONG_INDEX, 0]; branch::jmp![LONG_CODE]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0];
        pairs::rr![pairs::Cmp, u32, 13, SRC, LONG_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; branch::jmp![LONG_CODE] }
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
    { moves::mov_rr[u32, 0]; pairs::rr![pairs::Test, u8, 5, 0, LONG_CODE] }
    { moves::mov_rr[u32, 0]; shift::r_cl[Shl, u32, DST]; alu::mr[Add, u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Add, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Sar, u32, DST]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u32, SRC]; branch::jcc_long![4] }
    {
        moves::mov_rr[u32, SRC]; moves::lea[u64, LONG_INDEX, { BASED | INDEXED }]; shift::r_imm[Quiet<Shl>, u64, DST];
        moves::lea[u64, LONG_INDEX, INDEXED]; pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u32, SRC]; shift::r_imm[Sar, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0];
        pairs::rr![pairs::Cmp, u64, 5, 0, LONG_CODE]
    }
    { moves::mov_rr[u64, 0]; alu::ri[Add, u64, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rr[u64, 0]; alu::ri[And, u32, DST]; branch::jcc_long![5] }
    { moves::mov_rr[u64, 0]; alu::ri[Sub, u64, DST]; branch::jcc_long![8] }
    { moves::mov_rr[u64, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rr[u64, 0]; branch::jmp![LONG_CODE] }
    {
        moves::mov_rr[u64, 0]; moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u64, DST];
        pairs::rr![pairs::Cmp, u64, 15, SRC, LONG_CODE]
    }
    { moves::mov_rr[u64, 0]; moves::mov_ri[u32, 0]; branch::call![u64, STACK_LONG] }
    {
        moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u64, 0];
        alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 12, 0, LONG_CODE]
    }
    {
        moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Sub>, u64, 0];
        alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u32, 15, 0, LONG_CODE]
    }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0]; pairs::rm![pairs::Cmp, u64, 3, LONG_BASE, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0]; branch::jmp![LONG_CODE] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]; branch::call![u64, STACK_LONG] }
    { moves::mov_rr[u64, 0]; pairs::ri![pairs::Test, u8, 5, 0, LONG_CODE] }
    { moves::mov_rr[u64, 0]; pairs::rr![pairs::Cmp, u64, 2, 0, LONG_CODE] }
    { moves::mov_rr[u64, 0]; pairs::rr![pairs::Test, u64, 4, 0, LONG_CODE] }
    { moves::mov_rr[u64, 0]; pairs::rr![pairs::Test, u64, 8, { DST | SRC }, LONG_CODE] }
    { moves::mov_rr[u64, 0]; stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG] }
    { moves::mov_rr[u64, SRC]; alu::r[Quiet<Neg>, u64, DST]; pairs::rr![pairs::Cmp, u64, 2, DST, LONG_CODE] }
    { moves::mov_rr[u64, SRC]; branch::call![u64, STACK_LONG] }
    {
        moves::mov_rr[u64, SRC]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Sub>, u64, 0];
        alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u32, 15, 0, LONG_CODE]
    }
    { shift::r_cl[Shl, u64, 0]; moves::mov_mr[u64, LONG_BASE, SRC]; branch::ret![u64, STACK_LONG] }
    {
        shift::r_imm[Quiet<Rol>, u32, 0]; alu::ri[Add, u32, 0]; moves::mov_mr[u32, LONG_INDEX, 0];
        alu::rr[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 4, 0, LONG_CODE]
    }
    { shift::r_imm[Shl, u32, 0]; moves::mov_ri[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; branch::jmp![LONG_CODE] }
    { stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG] }
    { stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; branch::jmp![LONG_CODE] }
    { stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG] }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        branch::ret![u64, STACK_LONG]
    }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; branch::jmp![LONG_CODE]
    }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, LONG_CODE]
    }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; branch::call![u64, STACK_LONG] }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0];
        alu::ri[Sub, u64, 0]; pairs::mi![pairs::Cmp, u8, 4, LONG_RIP, 0]
    }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        branch::ret![u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        branch::ret![u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; branch::ret![u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        branch::ret![u64, STACK_LONG]
    }
}
