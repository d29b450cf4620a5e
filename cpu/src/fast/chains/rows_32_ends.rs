//! Sequences that end a trace of 32-bit code with flat segments.

use super::super::alu::{self, Adc, Add, And, Bswap, Cmp, Dec, Inc, Not, Or, Product, Quiet, Sub, Xor};
use super::super::dispatch::{Dispatch, Then};
use super::super::links::FLAT_CODE;
use super::super::moves::{self, Sign, Zero};
use super::super::operand::{BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, SRC, STACK_FLAT};
use super::super::shift::{self, Rol, Sar, Shl, Shr};
use super::super::{Fast, branch, pairs, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    { alu::m[Dec, u32, FLAT_BASE, 0]; branch::jcc_flat![5] }
    { alu::m[Inc, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 4, DST, FLAT_CODE] }
    { alu::r[Dec, u32, 0]; branch::jcc_flat![3] }
    { alu::r[Dec, u32, 0]; branch::jcc_flat![8] }
    {
        alu::r[Dec, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE]
    }
    { alu::r[Inc, u32, 0]; branch::jmp![FLAT_CODE] }
    { alu::r[Not, u32, 0]; moves::mov_rr[u32, SRC]; moves::mov_rr[u32, SRC]; branch::ret![u32, STACK_FLAT] }
    { alu::r[Quiet<Inc>, u32, 0]; pairs::ri![pairs::Cmp, u32, 5, DST, FLAT_CODE] }
    {
        alu::ri[Add, u32, 0]; alu::ri[Quiet<Adc>, u32, 0]; moves::mov_rr[u32, SRC]; alu::rr[Or, u32, DST];
        branch::jcc_flat![5]
    }
    { alu::ri[Add, u32, 0]; branch::jmp![FLAT_CODE] }
    { alu::ri[Add, u32, 0]; branch::ret![u32, STACK_FLAT] }
    {
        alu::ri[Add, u32, 0]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, BASED];
        moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::ri![pairs::Cmp, u32, 5, 0, FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_rm[u32, FLAT_INDEX, 0];
        pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::extend_rm[Sign, u8, u32, FLAT_BASE, BASED];
        moves::lea[u32, BASE, 0]; branch::jmp![FLAT_CODE]
    }
    { alu::ri[Add, u32, 0]; pairs::mr![pairs::Cmp, u32, 5, FLAT_BASE, 0] }
    { alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT] }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE]
    }
    { alu::ri[And, u32, DST]; branch::jcc_flat![5] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::ri[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 5, 0, FLAT_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::ri[Quiet<Sub>, u32, 0]; pairs::rr![pairs::Cmp, u32, 14, SRC, FLAT_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::rr[Add, u32, SRC]; branch::jmp![FLAT_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; moves::lea[u32, INDEX, 0]; alu::ri[Sub, u32, 0]; branch::jcc_flat![4] }
    {
        alu::ri[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, BASED]; pairs::rr![pairs::Cmp, u32, 12, DST, FLAT_CODE]
    }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Test, u32, 4, 0, FLAT_CODE] }
    { alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE] }
    { alu::ri[Quiet<And>, u32, DST]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Xor, u32, DST]; branch::jcc_flat![9] }
    {
        alu::ri[Quiet<Sub>, u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Sub, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, BASED]; pairs::rr![pairs::Cmp, u32, 15, DST, FLAT_CODE]
    }
    { alu::ri[Quiet<Xor>, u32, 0]; alu::ri[Quiet<Or>, u32, DST]; pairs::ri![pairs::Test, u32, 4, DST, FLAT_CODE] }
    { alu::ri[Sub, u32, 0]; branch::jcc_flat![4] }
    { alu::ri[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; branch::jmp![FLAT_CODE] }
    { alu::ri[Sub, u32, 0]; stack::push_m[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT] }
    { alu::ri[Xor, u32, 0]; moves::mov_rr[u32, SRC]; moves::mov_rr[u32, SRC]; branch::ret![u32, STACK_FLAT] }
    { alu::rm[Sub, u32, FLAT_BASE, 0]; branch::ret![u32, STACK_FLAT] }
    {
        alu::rm[Xor, u32, FLAT_INDEX, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE]
    }
    {
        alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED];
        pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        alu::rr[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::mov_ri[u32, 0]; branch::jmp![FLAT_CODE]
    }
    { alu::rr[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE] }
    { alu::rr[Quiet<Add>, u32, DST]; alu::ri[Add, u32, 0]; branch::jcc_flat![5] }
    {
        alu::rr[Quiet<Add>, u32, DST]; alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Quiet<Add>, u32, SRC]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        alu::rr[Quiet<Add>, u32, DST]; shift::r_imm[Shl, u32, DST]; moves::lea[u32, INDEX, INDEXED];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::mi![pairs::Cmp, u32, 7, FLAT_BASE, 0]
    }
    { alu::rr[Quiet<Add>, u32, SRC]; alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE] }
    { alu::rr[Quiet<Sub>, u32, DST]; alu::r[Quiet<Dec>, u32, DST]; pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE] }
    { alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Xor, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; branch::jmp![FLAT_CODE] }
    {
        alu::rr[Quiet<Xor>, u32, SRC]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC];
        alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE]
    }
    {
        alu::rr[Sub, u32, 0]; moves::mov_rr[u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, SRC];
        branch::call![u32, STACK_FLAT]
    }
    { alu::rr[Xor, u32, 0]; branch::jmp![FLAT_CODE] }
    { alu::rr[Xor, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::extend_rm[Sign, u8, u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED];
        pairs::ri![pairs::Cmp, u8, 6, DST, FLAT_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; branch::jmp![FLAT_CODE]
    }
    { moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u8, 4, DST, FLAT_CODE] }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, 0]; moves::mov_rm[u32, FLAT_INDEX, 0];
        moves::mov_mr[u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0]; branch::jmp![FLAT_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, 0]; moves::mov_rm[u32, FLAT_INDEX, INDEXED];
        moves::mov_mr[u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0]; branch::jmp![FLAT_CODE]
    }
    { moves::extend_rm[Zero, u8, u32, FLAT_INDEX, 0]; pairs::rm![pairs::Cmp, u32, 3, FLAT_BASE, 0] }
    { moves::extend_rr[Zero, u8, u32, 0]; alu::r[Quiet<Dec>, u32, DST]; pairs::ri![pairs::Cmp, u32, 7, DST, FLAT_CODE] }
    {
        moves::extend_rr[Zero, u8, u32, 0]; alu::rr[Sub, u32, DST]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        moves::extend_rr[Zero, u8, u32, SRC]; shift::r_imm[Shr, u32, 0]; alu::rm[Quiet<Xor>, u32, FLAT_INDEX, DST];
        alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE]
    }
    { moves::lea[u32, BASE, 0]; branch::call![u32, STACK_FLAT] }
    { moves::lea[u32, BASE, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::lea[u32, BASE, 0]; moves::lea[u32, BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        branch::call![u32, STACK_FLAT]
    }
    { moves::lea[u32, BASE, 0]; moves::mov_rr[u32, SRC]; branch::ret![u32, STACK_FLAT] }
    { moves::lea[u32, BASE, 0]; pairs::ri![pairs::Cmp, u8, 6, DST, FLAT_CODE] }
    {
        moves::lea[u32, INDEX, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[Quiet<Add>, u32, 0];
        moves::lea[u32, BASE, 0]; pairs::rr![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    {
        moves::lea[u32, INDEX, INDEXED]; alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::m[Dec, u32, FLAT_BASE, 0];
        branch::jcc_flat![5]
    }
    {
        moves::mov_mr[u16, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Cmp, u32, 2, SRC, FLAT_CODE]
    }
    { moves::mov_mr[u16, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 6, DST, FLAT_CODE] }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0]; alu::ri[Add, u32, 0];
        pairs::step_zero![u32, { pairs::DEC }, 5, 0, FLAT_CODE]
    }
    { moves::mov_mr[u32, FLAT_BASE, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::mr![pairs::Cmp, u32, 15, FLAT_BASE, 0]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 6, DST, FLAT_CODE]
    }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; branch::call![u32, STACK_FLAT] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 12, 0, FLAT_CODE] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 13, 0, FLAT_CODE] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, DST, FLAT_CODE] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; branch::jcc_flat![5] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_ri[u32, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u8, FLAT_INDEX, 0]; moves::mov_mr[u8, FLAT_INDEX, SRC];
        pairs::rm![pairs::Cmp, u32, 5, FLAT_BASE, 0]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
    { moves::mov_mr[u32, FLAT_INDEX, 0]; alu::ri[Add, u32, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::mov_mr[u32, FLAT_INDEX, 0]; shift::r_imm[Quiet<Rol>, u32, 0]; alu::rr[Quiet<Add>, u32, DST];
        alu::ri[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 4, DST, FLAT_CODE]
    }
    { moves::mov_mr[u32, FLAT_INDEX, BASED]; alu::ri[Add, u32, 0]; branch::jcc_flat![5] }
    { moves::mov_mr[u32, FLAT_INDEX, BASED]; alu::ri[Quiet<Adc>, u32, 0]; alu::ri[Add, u32, 0]; branch::jcc_flat![5] }
    {
        moves::mov_mr[u8, FLAT_INDEX, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::mr![pairs::Cmp, u32, 3, FLAT_BASE, 0]
    }
    { moves::mov_ri[u32, 0]; branch::call![u32, STACK_FLAT] }
    {
        moves::mov_ri[u32, 0]; moves::mov_rm[u8, FLAT_BASE, 0]; shift::r_cl[Shl, u32, 0];
        alu::mr[Add, u32, FLAT_BASE, SRC]; branch::jmp![FLAT_CODE]
    }
    { moves::mov_rm[u32, BASE, 0]; pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::r[Not, u32, DST]; alu::mr[And, u32, FLAT_BASE, SRC];
        moves::mov_mr[u16, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        branch::jcc_flat![5]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 5, DST, FLAT_CODE] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 7, DST, FLAT_CODE] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::lea[u32, BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Sub, u32, BASE, 0]; branch::jcc_flat![4] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Sub, u32, BASE, 0]; branch::jcc_flat![5] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Sub>, u32, DST]; pairs::rr![pairs::Cmp, u32, 13, SRC, FLAT_CODE] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; branch::jmp![FLAT_CODE] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; branch::ret![u32, STACK_FLAT] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED]; moves::lea[u32, BASE, 0];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; moves::mov_rm[u8, FLAT_BASE, 0];
        pairs::mr![pairs::Cmp, u8, 5, FLAT_INDEX, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u16, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 6, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST];
        pairs::rm![pairs::Cmp, u32, 2, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u8, FLAT_INDEX, BASED]; alu::ri[Quiet<Add>, u32, 0];
        pairs::ri![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0]; alu::rr[And, u32, DST]; branch::jcc_flat![4] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::mr![pairs::Cmp, u32, 2, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED];
        pairs::rr![pairs::Cmp, u32, 15, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; alu::rr[Quiet<Sub>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 14, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, SRC]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::mi![pairs::Cmp, u8, 4, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::mr![pairs::Cmp, u32, 15, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::mr![pairs::Cmp, u32, 5, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Test, u32, 4, DST, FLAT_CODE] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rm![pairs::Cmp, u32, 2, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Test, u32, 5, { DST | SRC }, FLAT_CODE] }
    {
        moves::mov_rm[u32, FLAT_BASE, BASED]; alu::ri[Quiet<Add>, u32, 0]; alu::rr[Quiet<Add>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 13, 0, FLAT_CODE]
    }
    { moves::mov_rm[u32, FLAT_BASE, DST]; pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE] }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::imul_rm[u32, FLAT_INDEX, DST]; moves::mov_mr[u32, FLAT_INDEX, SRC];
        alu::ri[Add, u32, 0]; branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::mr[Quiet<Add>, u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::mr[Quiet<Sub>, u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::mr[Quiet<Xor>, u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::r[Bswap, u32, DST]; moves::mov_mr[u32, FLAT_INDEX, SRC];
        alu::ri[Quiet<Add>, u32, 0]; pairs::ri![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_mr[u32, FLAT_INDEX, SRC]; alu::ri[Add, u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, INDEXED]; alu::ri[Quiet<Add>, u32, 0];
        pairs::rr![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u8, FLAT_INDEX, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Cmp, u8, DST];
        moves::lea[u32, BASE, 0]; branch::jcc_flat![5]
    }
    {
        moves::mov_rr[u32, 0]; alu::ri[And, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u16, u32, FLAT_INDEX, BASED]; pairs::mr![pairs::Cmp, u32, 3, FLAT_BASE, 0]
    }
    { moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; pairs::ri![pairs::Cmp, u32, 7, DST, FLAT_CODE] }
    { moves::mov_rr[u32, 0]; branch::call![u32, STACK_FLAT] }
    { moves::mov_rr[u32, 0]; branch::jmp![FLAT_CODE] }
    {
        moves::mov_rr[u32, 0]; moves::lea[u32, INDEX, 0]; alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        branch::jcc_flat![5]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 2, SRC, FLAT_CODE] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::step_zero![u32, { pairs::DEC }, 4, 0, FLAT_CODE] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Quiet<Sar>, u32, 0]; alu::rr[Xor, u32, SRC];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_cl[Shr, u32, DST]; moves::extend_rr[Zero, u8, u32, SRC];
        moves::mov_rm[u32, FLAT_INDEX, INDEXED]; pairs::ri![pairs::Test, u8, 5, DST, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Add, u32, DST]; moves::mov_rr[u32, SRC];
        branch::ret![u32, STACK_FLAT]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u16, 0]; alu::rr[Sub, u32, SRC];
        moves::mov_mr[u16, FLAT_INDEX, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST]; alu::imul_rr[Quiet<Product>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0];
        alu::imul_rr[Quiet<Product>, u32, DST]; pairs::rr![pairs::Cmp, u32, 2, SRC, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0];
        alu::imul_rr[Quiet<Product>, u32, SRC]; pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
    {
        moves::mov_rr[u32, SRC]; alu::rr[Quiet<Sub>, u32, DST]; alu::r[Quiet<Dec>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, SRC]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, DST];
        alu::rr[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        shift::r_imm[Quiet<Rol>, u32, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::ri[Quiet<Add>, u32, 0];
        pairs::ri![pairs::Cmp, u32, 4, DST, FLAT_CODE]
    }
    {
        shift::r_imm[Quiet<Shl>, u32, 0]; alu::ri[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_ri[u32, 0]; branch::jmp![FLAT_CODE]
    }
    { shift::r_imm[Sar, u32, 0]; moves::mov_rr[u32, SRC]; moves::mov_rr[u32, SRC]; branch::ret![u32, STACK_FLAT] }
    { stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT] }
    {
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
    { stack::push_i[u32, STACK_FLAT]; stack::push_m[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT] }
    { stack::push_m[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT] }
    { stack::push_r[u32, STACK_FLAT, 0]; branch::call![u32, STACK_FLAT] }
    {
        stack::push_r[u32, STACK_FLAT, 0]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0];
        pairs::rr![pairs::Test, u8, 5, { DST | SRC }, FLAT_CODE]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0]; stack::push_r[u32, STACK_FLAT, 0];
        branch::call![u32, STACK_FLAT]
    }
    { stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; branch::call![u32, STACK_FLAT] }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        branch::call![u32, STACK_FLAT]
    }
    { stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT] }
    {
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
    {
        alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
    {
        alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; branch::ret![u32, STACK_FLAT]
    }
}
