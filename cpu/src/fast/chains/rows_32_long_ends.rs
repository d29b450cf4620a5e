//! Long sequences that end a trace of 32-bit code with flat segments.

use super::super::alu::{self, Adc, Add, And, Bswap, Cmp, Dec, Inc, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Xor};
use super::super::bits::{self, Bsr, Bt};
use super::super::dispatch::{Dispatch, Then};
use super::super::links::FLAT_CODE;
use super::super::moves::{self, Sign, Zero};
use super::super::muldiv::{self, Div, Mul};
use super::super::operand::{BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, SRC, STACK_FLAT};
use super::super::shift::{self, Rol, Ror, Sar, Shl, Shr};
use super::super::{Fast, branch, pairs, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    {
        alu::mi[Cmp, u32, FLAT_BASE, 0]; alu::rr[Sbb, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::rr![pairs::Test, u8, 4, 0, FLAT_CODE]
    }
    {
        alu::r[Inc, u32, 0]; moves::mov_rr[u32, 0]; alu::rm[Quiet<Xor>, u8, FLAT_BASE, 0];
        moves::extend_rr[Zero, u8, u32, SRC]; shift::r_imm[Shr, u32, 0]; alu::rm[Xor, u32, FLAT_INDEX, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE]
    }
    {
        alu::r[Quiet<Inc>, u32, 0]; alu::rr[Xor, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0];
        alu::rr[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0]; alu::r[Dec, u32, 0]; branch::jcc_flat![3]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Xor, u32, DST]; bits::mi[Bt, u32, FLAT_BASE, 0];
        branch::jcc_flat![3]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Quiet<Xor>, u32, DST];
        pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Or, u8, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Xor, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE]
    }
    { alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; bits::mi[Bt, u32, FLAT_BASE, 0]; branch::jcc_flat![2] }
    {
        alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; alu::r[Dec, u32, 0];
        branch::jcc_flat![8]
    }
    {
        alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::mi![pairs::Cmp, u32, 5, FLAT_BASE, 0]
    }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 4, 0, FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::ri[Sub, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; branch::jmp![FLAT_CODE]
    }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0];
        alu::mi[Cmp, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        branch::jcc_flat![4]
    }
    { alu::ri[And, u32, 0]; moves::lea[u32, BASE, 0]; branch::jcc_flat![4] }
    { alu::ri[Cmp, u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Sbb, u32, DST]; branch::jcc_flat![12] }
    {
        alu::ri[Quiet<Add>, u32, 0]; alu::ri[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        moves::mov_mr[u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; moves::mov_rr[u32, SRC];
        alu::r[Quiet<Neg>, u32, DST]; pairs::rr![pairs::Cmp, u32, 2, DST, FLAT_CODE]
    }
    {
        alu::ri[Quiet<Add>, u32, 0]; alu::ri[Sub, u32, 0]; moves::mov_ri[u32, 0]; stack::push_m[u32, BASE, 0];
        stack::push_i[u32, STACK_FLAT]; stack::push_m[u32, FLAT_BASE, 0]; stack::push_m[u32, FLAT_BASE, 0];
        branch::call![u32, STACK_FLAT]
    }
    { alu::ri[Quiet<Sub>, u32, 0]; alu::ri[Quiet<Sub>, u32, 0]; pairs::ri![pairs::Cmp, u8, 4, DST, FLAT_CODE] }
    { alu::ri[Sub, u32, 0]; branch::jcc_flat![2] }
    {
        alu::ri[Sub, u32, 0]; stack::push_m[u32, FLAT_BASE, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; branch::call_r![u32, STACK_FLAT]
    }
    {
        alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, INDEXED]; alu::rr[Add, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Add, u32, 0];
        alu::r[Inc, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::ri![pairs::Cmp, u32, 4, 0, FLAT_CODE]
    }
    {
        alu::rr[Quiet<Or>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Test, u8, 0]; moves::cmov[4];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Xor, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; muldiv::divide_m[Div, u32, FLAT_BASE, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Or>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 3, DST, FLAT_CODE]
    }
    {
        alu::rr[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Shr>, u16, 0]; alu::rr[Sub, u32, SRC]; alu::r[Inc, u32, 0]; moves::mov_mr[u16, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 2, SRC, FLAT_CODE]
    }
    {
        alu::rr[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Shr>, u16, 0]; alu::rr[Sub, u32, SRC]; alu::r[Inc, u32, 0]; moves::mov_mr[u16, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 6, DST, FLAT_CODE]
    }
    {
        alu::rr[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Shr>, u16, 0]; alu::rr[Sub, u32, SRC]; alu::r[Inc, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u16, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 6, 0, FLAT_CODE]
    }
    {
        alu::rr[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Shr>, u16, 0]; alu::rr[Sub, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]; alu::r[Inc, u32, 0];
        moves::mov_ri[u32, 0]; moves::mov_rm[u8, FLAT_BASE, 0]; shift::r_cl[Shl, u32, 0];
        alu::mr[Add, u32, FLAT_BASE, SRC]; branch::jmp![FLAT_CODE]
    }
    {
        alu::rr[Xor, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        muldiv::divide_m[Div, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shl>, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Quiet<Or>, u32, SRC];
        pairs::rr![pairs::Cmp, u32, 3, DST, FLAT_CODE]
    }
    {
        alu::rr[Xor, u32, 0]; moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u8, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        branch::jmp_r![u32]
    }
    { bits::mi[Bt, u32, FLAT_BASE, 0]; branch::jcc_flat![2] }
    { bits::mi[Bt, u32, FLAT_BASE, 0]; branch::jcc_flat![3] }
    {
        moves::extend_rm[Zero, u16, u32, FLAT_INDEX, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_cl[Shr, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, 0]; alu::ri[And, u32, 0]; moves::mov_mi[u8, FLAT_BASE, 0];
        alu::ri[Quiet<And>, u32, 0]; pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::extend_rr[Zero, u8, u32, SRC]; moves::mov_rr[u32, SRC]; alu::ri[Sub, u32, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::lea[u32, BASE, 0]; alu::rr[Xor, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        stack::push_m[u32, FLAT_BASE, 0]; stack::push_m[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0];
        stack::push_r[u32, STACK_FLAT, DST]; moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[And, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]; branch::jcc_flat![5]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u8, FLAT_INDEX, BASED]; moves::mov_mr[u8, FLAT_BASE, SRC];
        moves::mov_rm[u8, FLAT_INDEX, 0]; moves::mov_mr[u8, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, INDEX, BASED]; moves::mov_rm[u8, FLAT_BASE, 0]; pairs::mr![pairs::Cmp, u8, 5, FLAT_INDEX, 0]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_rm[u32, BASE, 0]; alu::ri[Quiet<And>, u32, 0];
        alu::ri[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Shr>, u32, DST]; pairs::rr![pairs::Test, u32, 4, 0, FLAT_CODE]
    }
    {
        moves::lea[u32, BASE, 0]; moves::mov_rr[u32, 0]; bits::scan_rm[Bsr, u32, FLAT_INDEX, 0];
        shift::r_imm[Quiet<Shl>, u32, 0]; alu::ri[Quiet<Xor>, u32, 0]; alu::rr[Sub, u32, SRC];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::ri![pairs::Cmp, u32, 15, DST, FLAT_CODE]
    }
    {
        moves::lea[u32, INDEX, 0]; alu::ri[Add, u32, 0]; moves::lea[u32, INDEX, 0];
        moves::extend_rm[Sign, u8, u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED];
        pairs::ri![pairs::Cmp, u8, 6, DST, FLAT_CODE]
    }
    {
        moves::lea[u32, INDEX, BASED]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, BASED]; moves::mov_rr[u32, 0];
        alu::ri[And, u32, DST]; moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u16, FLAT_INDEX, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u16, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_mi[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::lea[u32, BASE, BASED]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED];
        moves::lea[u32, BASE, 0]; moves::mov_rr[u32, SRC]; moves::extend_rm[Sign, u8, u32, FLAT_BASE, 0];
        alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; pairs::mi![pairs::Test, u8, 5, FLAT_INDEX, 0]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0];
        alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Add, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::r[Quiet<Not>, u32, DST]; alu::mr[And, u32, FLAT_BASE, SRC];
        moves::mov_mr[u16, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]; shift::r_imm[Shl, u32, 0];
        moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_ri[u32, 0];
        moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_ri[u32, 0];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST];
        bits::mi[Bt, u32, FLAT_BASE, 0]; branch::jcc_flat![3]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, DST];
        moves::mov_mr[u32, FLAT_INDEX, BASED]; alu::ri[Add, u32, 0]; branch::jcc_flat![5]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Test, u32, 4, { DST | SRC }, FLAT_CODE]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rr[u32, SRC]; moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_ri[u32, 0]; alu::rr[Sub, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u8, FLAT_INDEX, BASED]; moves::mov_mr[u8, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u8, FLAT_INDEX, BASED]; moves::mov_mr[u8, FLAT_BASE, SRC]; moves::mov_rr[u32, 0];
        moves::mov_rr[u32, 0]; alu::ri[And, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u16, u32, FLAT_INDEX, BASED]; pairs::mr![pairs::Cmp, u32, 3, FLAT_BASE, 0]
    }
    {
        moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Sub, u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_m[u32, FLAT_BASE, 0];
        moves::lea[u32, BASE, 0]; moves::lea[u32, INDEX, BASED]; stack::push_r[u32, STACK_FLAT, DST];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::mov_ri[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0]; moves::mov_rm[u32, BASE, 0];
        pairs::ri![pairs::Test, u8, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::mi[Cmp, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_INDEX, 0]; moves::setcc[4]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::ri[Cmp, u8, 0];
        moves::mov_rr[u32, 0]; moves::setcc[4]; alu::rr[And, u8, DST]; moves::mov_mr[u8, FLAT_BASE, SRC];
        branch::jcc_flat![4]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rm[Sub, u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_INDEX, INDEXED]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Test, u32, 4, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Sub, u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Sub, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::extend_rr[Zero, u8, u32, 0]; alu::r[Quiet<Dec>, u32, DST];
        pairs::ri![pairs::Cmp, u32, 7, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, BASED]; pairs::rr![pairs::Cmp, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, FLAT_INDEX, 0]; pairs::mr![pairs::Cmp, u32, 4, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0];
        pairs::rr![pairs::Test, u32, 4, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Sub>, u32, DST]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Sar>, u32, DST]; shift::r_imm[Quiet<Shr>, u32, DST]; moves::lea[u32, INDEX, INDEXED];
        alu::ri[Quiet<And>, u32, DST]; alu::rr[Quiet<Sub>, u32, DST]; pairs::ri![pairs::Cmp, u32, 4, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; branch::call![u32, STACK_FLAT]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rm[Quiet<Add>, u32, FLAT_BASE, DST]; alu::ri[Quiet<Sub>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 15, DST, FLAT_CODE]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, DST]; branch::jcc_flat![8] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[And, u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Or>, u32, DST]; moves::mov_rr[u32, 0];
        alu::ri[Quiet<And>, u32, DST]; alu::rr[Or, u32, DST]; branch::jcc_flat![4]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0]; moves::mov_rr[u32, 0]; moves::lea[u32, BASE, 0];
        pairs::ri![pairs::Cmp, u8, 6, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0]; moves::lea[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u8, FLAT_INDEX, 0]; moves::mov_mr[u8, FLAT_INDEX, SRC];
        pairs::rm![pairs::Cmp, u32, 5, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0]; shift::r_imm[Shr, u32, DST];
        pairs::rm![pairs::Cmp, u32, 3, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; alu::rm[Add, u32, FLAT_INDEX, BASED];
        moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_rr[u32, 0]; moves::setcc[2]; alu::rr[Sub, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::extend_rr[Zero, u8, u32, 0]; alu::ri[Quiet<Adc>, u32, DST];
        alu::rr[Add, u32, 0]; moves::mov_mr[u32, FLAT_INDEX, BASED]; alu::ri[Add, u32, 0]; branch::jcc_flat![5]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rm[Add, u32, FLAT_INDEX, 0]; moves::mov_rr[u32, SRC]; moves::setcc[2]; alu::rm[Add, u32, FLAT_INDEX, 0];
        moves::extend_rr[Zero, u8, u32, 0]; moves::lea[u32, INDEX, 0]; moves::mov_mr[u32, FLAT_INDEX, BASED];
        alu::ri[Quiet<Adc>, u32, 0]; alu::ri[Add, u32, 0]; branch::jcc_flat![5]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, INDEXED];
        pairs::rr![pairs::Cmp, u32, 3, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        pairs::rr![pairs::Test, u32, 5, { DST | SRC }, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[Quiet<Add>, u32, 0];
        alu::rr[Cmp, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Sbb, u32, 0]; branch::jcc_flat![13]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED];
        branch::call![u32, STACK_FLAT]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_INDEX, SRC]; alu::ri[Quiet<Add>, u32, 0];
        pairs::rr![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        branch::jcc_flat![5]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0];
        moves::mov_ri[u32, 0]; alu::rr[Sbb, u32, DST]; branch::jcc_flat![12]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST];
        alu::rm[Xor, u32, FLAT_INDEX, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_INDEX, 0];
        moves::mov_mr[u16, FLAT_INDEX, 0]; branch::jmp![FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Cmp, u32, 0];
        moves::mov_rr[u32, SRC]; alu::ri[Sbb, u32, DST]; branch::jcc_flat![13]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0];
        moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::lea[u32, INDEX, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_ri[u32, 0]; pairs::rr![pairs::Cmp, u32, 4, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; moves::lea[u32, BASE, 0];
        moves::mov_rm[u32, FLAT_INDEX, INDEXED]; alu::ri[Quiet<Sub>, u32, 0]; alu::ri[Sub, u32, 0];
        muldiv::divide[Div, u32]; moves::mov_mr[u32, FLAT_BASE, 0]; pairs::ri![pairs::Cmp, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::mr![pairs::Cmp, u32, 4, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0];
        moves::mov_rm[u32, FLAT_INDEX, BASED]; pairs::rr![pairs::Test, u32, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[And, u32, SRC];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; alu::rr[Quiet<Add>, u32, DST];
        alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, SRC];
        pairs::ri![pairs::Cmp, u32, 7, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        moves::mov_rr[u32, 0]; pairs::rr![pairs::Test, u32, 8, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Cmp, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sbb, u32, SRC]; branch::jcc_flat![13]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED]; alu::rr[Add, u32, DST];
        branch::jmp_r![u32]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::setcc[2]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, INDEXED]; alu::rr[Sub, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Adc, u32, 0]; moves::mov_mr[u32, FLAT_INDEX, 0];
        moves::mov_rr[u32, 0]; moves::lea[u32, INDEX, 0]; alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        branch::jcc_flat![5]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Shl, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, INDEX, BASED]; moves::extend_rm[Zero, u16, u32, FLAT_INDEX, INDEXED]; moves::mov_rr[u32, SRC];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST]; alu::imul_rr[Quiet<Product>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Shl, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, INDEX, BASED]; moves::mov_rm[u16, FLAT_INDEX, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shr>, u32, DST]; moves::mov_rr[u32, SRC]; moves::extend_rr[Zero, u16, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, SRC]; pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; alu::r[Bswap, u32, DST]; moves::lea[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_INDEX, BASED]; alu::r[Quiet<Inc>, u32, 0];
        pairs::ri![pairs::Cmp, u32, 5, DST, FLAT_CODE]
    }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; muldiv::multiply[Mul, u32]; alu::rr[Add, u32, 0];
        moves::mov_mr[u32, FLAT_INDEX, SRC]; alu::ri[Adc, u32, 0]; moves::mov_rr[u32, SRC];
        pairs::step_zero![u32, { pairs::INC }, 5, 0, FLAT_CODE]
    }
    {
        moves::mov_rm[u8, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, DST]; moves::extend_rr[Zero, u8, u32, SRC];
        shift::r_imm[Shr, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Xor, u32, FLAT_INDEX, BASED];
        alu::r[Inc, u32, 0]; branch::jmp![FLAT_CODE]
    }
    { moves::mov_rm[u8, FLAT_INDEX, 0]; moves::mov_mr[u8, FLAT_INDEX, SRC]; branch::jmp![FLAT_CODE] }
    {
        moves::mov_rr[u32, 0]; alu::ri[Quiet<Sub>, u32, 0]; shift::r_imm[Shr, u32, 0];
        alu::rm[Xor, u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_INDEX, SRC]; moves::mov_mr[u16, FLAT_INDEX, 0];
        moves::mov_mi[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        branch::ret![u32, STACK_FLAT]
    }
    {
        moves::mov_rr[u32, 0]; alu::rr[Sub, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; alu::rr[Quiet<Sub>, u32, DST];
        alu::r[Quiet<Dec>, u32, DST]; pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rm[Sub, u32, FLAT_BASE, 0];
        alu::rm[Quiet<Sbb>, u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, SRC]; alu::rr[Sbb, u32, DST];
        branch::jcc_flat![2]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::rr[Quiet<Xor>, u32, SRC]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC];
        alu::ri[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 5, SRC, FLAT_CODE]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0];
        alu::imul_rr[Quiet<Product>, u32, SRC]; alu::rr[Quiet<Add>, u32, 0];
        pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        shift::r_cl[Quiet<Shr>, u32, 0]; alu::rr[Quiet<Add>, u32, DST]; moves::lea[u32, INDEX, { BASED | INDEXED }];
        alu::rr[Quiet<Add>, u32, DST]; shift::r_imm[Shl, u32, DST]; moves::lea[u32, INDEX, INDEXED];
        moves::mov_mr[u32, FLAT_BASE, SRC]; pairs::mi![pairs::Cmp, u32, 7, FLAT_BASE, 0]
    }
    {
        shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Add, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST];
        moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, DST];
        pairs::rr![pairs::Cmp, u32, 2, SRC, FLAT_CODE]
    }
    {
        shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Add, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST];
        moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC];
        alu::rr[Quiet<Add>, u32, 0]; pairs::rr![pairs::Cmp, u32, 2, 0, FLAT_CODE]
    }
    {
        shift::r_imm[Shr, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Quiet<Sub>, u32, SRC];
        moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Sar>, u32, DST]; moves::mov_rr[u32, 0];
        alu::rr[Quiet<And>, u32, DST]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Add, u32, 0];
        moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::m[Dec, u32, FLAT_BASE, 0];
        branch::jcc_flat![5]
    }
    {
        shift::r_imm[Shr, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Add, u32, FLAT_INDEX, 0]; alu::rr[Adc, u32, 0];
        moves::mov_mr[u32, FLAT_INDEX, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::ri[Add, u32, 0]; branch::jcc_flat![5]
    }
    {
        stack::push_i[u32, STACK_FLAT]; moves::mov_rr[u32, 0]; stack::push_i[u32, STACK_FLAT];
        shift::r_imm[Sar, u32, DST]; stack::push_i[u32, STACK_FLAT]; stack::push_m[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; branch::call![u32, STACK_FLAT]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        pairs::ri![pairs::Test, u32, 5, DST, FLAT_CODE]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u8, SRC]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shl>, u32, 0]; moves::mov_rr[u16, 0];
        pairs::ri![pairs::Test, u8, 4, 0, FLAT_CODE]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0]; branch::call![u32, STACK_FLAT]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Quiet<Sub>, u32, FLAT_BASE, DST];
        pairs::rr![pairs::Cmp, u32, 3, SRC, FLAT_CODE]
    }
}
