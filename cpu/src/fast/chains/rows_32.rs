//! Sequences in the middle of traces of 32-bit code with flat segments.

use super::super::alu::{self, Adc, Add, And, Cmp, Inc, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Xor};
use super::super::dispatch::{Dispatch, Then};
use super::super::moves::{self, Zero};
use super::super::operand::{BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, SRC, STACK_FLAT, WORD};
use super::super::shift::{self, Rol, Ror, Sar, Shl, Shr};
use super::super::{Fast, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    { alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0] }
    { alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0] }
    {
        alu::imul_rri[Quiet<Product>, u32, 0]; alu::ri[Quiet<Add>, u32, DST]; moves::mov_rr[u32, 0]; alu::imul_rr[Quiet<Product>, u32, DST];
        moves::mov_rr[u32, 0]
    }
    { alu::imul_rri[Quiet<Product>, u32, 0]; alu::ri[Quiet<Add>, u32, DST]; moves::mov_rr[u32, SRC]; shift::r_imm[Sar, u32, DST] }
    { alu::imul_rri[Quiet<Product>, u32, 0]; alu::ri[Quiet<Add>, u32, DST]; moves::mov_rr[u32, SRC]; shift::r_imm[Shr, u32, DST] }
    {
        alu::mi[Cmp, u32, FLAT_BASE, 0]; alu::rr[Quiet<Sbb>, u32, DST]; alu::ri[Quiet<And>, u32, DST];
        alu::ri[Add, u32, DST]
    }
    {
        alu::r[Inc, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        alu::r[Inc, u32, 0]; moves::mov_rr[u32, 0]; alu::rm[Quiet<Xor>, u8, FLAT_BASE, 0];
        moves::extend_rr[Zero, u8, u32, SRC]; shift::r_imm[Shr, u32, 0]
    }
    { alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { alu::ri[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0] }
    { alu::ri[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, DST] }
    { alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0] }
    { alu::ri[Add, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0] }
    { alu::ri[Add, u32, 0]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT] }
    { alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0] }
    { alu::ri[Cmp, u32, 0]; moves::mov_rr[u32, 0] }
    { alu::ri[Cmp, u8, 0]; moves::mov_rr[u32, 0]; moves::setcc[4]; alu::rr[And, u8, DST] }
    { alu::ri[Or, u8, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Xor, u32, DST] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::ri[Add, u32, 0] }
    { alu::ri[Quiet<Add>, u32, 0]; alu::ri[Sub, u32, 0] }
    { alu::ri[Quiet<Add>, u32, 0]; moves::lea[u32, INDEX, 0] }
    { alu::ri[Quiet<And>, u32, 0]; alu::ri[And, u32, 0] }
    { alu::ri[Quiet<And>, u32, DST]; alu::rr[Quiet<Sub>, u32, DST] }
    { alu::ri[Quiet<And>, u32, DST]; moves::mov_rr[u32, SRC] }
    { alu::ri[Quiet<Sub>, u32, 0]; moves::mov_ri[u32, 0] }
    { alu::ri[Sub, u32, 0]; stack::push_r[u32, STACK_FLAT, 0] }
    { alu::rm[Add, u32, FLAT_INDEX, 0]; alu::rr[Adc, u32, 0]; moves::mov_mr[u32, FLAT_INDEX, 0] }
    { alu::rm[Sub, u8, WORD, 0]; alu::r[Inc, u16, 0] }
    { alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED] }
    { alu::rr[Add, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Ror, u32, 0]; shift::r_imm[Ror, u32, 0] }
    { alu::rr[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST] }
    { alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0] }
    {
        alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_BASE, 0]
    }
    {
        alu::rr[Add, u32, SRC]; moves::mov_rr[u32, 0]; alu::r[Not, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[And, u32, SRC]
    }
    {
        alu::rr[Add, u32, SRC]; moves::mov_rr[u32, 0]; shift::r_imm[Ror, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Ror, u32, DST]
    }
    { alu::rr[And, u32, SRC]; moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Xor, u32, DST] }
    { alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, 0] }
    {
        alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shl>, u32, DST]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, 0];
        shift::r_imm[Quiet<Ror>, u32, 0]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0];
        alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { alu::rr[Quiet<Add>, u32, DST]; alu::rr[Add, u32, 0] }
    { alu::rr[Quiet<Add>, u32, DST]; alu::rr[Quiet<Add>, u32, 0] }
    {
        alu::rr[Quiet<Add>, u32, SRC]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Quiet<Sub>, u32, SRC];
        alu::ri[Add, u32, DST]; moves::mov_mr[u8, FLAT_INDEX, SRC]
    }
    {
        alu::rr[Quiet<Add>, u32, SRC]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]
    }
    {
        alu::rr[Quiet<Add>, u32, SRC]; shift::r_imm[Shl, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Quiet<Add>, u32, SRC]
    }
    {
        alu::rr[Quiet<And>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Xor, u32, SRC]
    }
    {
        alu::rr[Quiet<And>, u32, 0]; alu::rr[Xor, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { alu::rr[Quiet<Or>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Test, u8, 0] }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0] }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0] }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0] }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Sub, u32, 0]; moves::mov_rr[u32, SRC]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { alu::rr[Quiet<Sub>, u32, SRC]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::ri[Add, u32, 0] }
    { alu::rr[Quiet<Xor>, u32, 0]; alu::ri[Sub, u32, 0] }
    {
        alu::rr[Quiet<Xor>, u32, 0]; alu::rr[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0] }
    { alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Xor, u32, 0] }
    {
        alu::rr[Quiet<Xor>, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST];
        alu::rr[Quiet<Xor>, u32, SRC]; moves::mov_rr[u32, 0]
    }
    { alu::rr[Quiet<Xor>, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Xor, u32, SRC] }
    {
        alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0];
        alu::rr[Quiet<And>, u32, 0]
    }
    {
        alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST];
        alu::rr[Quiet<Xor>, u32, SRC]
    }
    { alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Xor, u32, SRC] }
    { alu::rr[Quiet<Xor>, u32, SRC]; alu::rr[Add, u32, SRC]; moves::mov_rr[u32, 0] }
    { alu::rr[Sbb, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { alu::rr[Sub, u32, 0]; alu::rr[Quiet<Sbb>, u32, 0] }
    {
        alu::rr[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    { alu::rr[Sub, u32, 0]; moves::mov_rr[u32, 0] }
    {
        alu::rr[Sub, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Adc, u32, 0];
        moves::mov_mr[u32, FLAT_INDEX, 0]
    }
    { moves::extend_rm[Zero, u16, u32, FLAT_INDEX, INDEXED]; moves::mov_rr[u32, SRC] }
    { moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, DST] }
    { moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Add, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        moves::extend_rr[Zero, u16, u32, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Xor, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]
    }
    {
        moves::extend_rr[Zero, u16, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0]
    }
    { moves::lea[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::lea[u32, BASE, 0]; moves::mov_rm[u32, BASE, 0] }
    { moves::lea[u32, BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, INDEXED] }
    { moves::lea[u32, BASE, 0]; moves::mov_rr[u32, 0] }
    { moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, 0] }
    { moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0] }
    {
        moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]
    }
    { moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, DST] }
    { moves::lea[u32, INDEX, 0]; alu::ri[Add, u32, 0]; moves::lea[u32, INDEX, 0] }
    { moves::lea[u32, INDEX, 0]; alu::rr[Add, u32, DST] }
    {
        moves::lea[u32, INDEX, 0]; alu::rr[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Add, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    { moves::lea[u32, INDEX, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Sub, u32, DST] }
    {
        moves::lea[u32, INDEX, INDEXED]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u32, DST];
        alu::rr[Quiet<Add>, u32, DST]; shift::r_imm[Sar, u32, DST]
    }
    { moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0] }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, 0];
        moves::mov_rr[u32, 0]
    }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]
    }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST] }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_rr[u32, SRC];
        alu::rr[Quiet<Xor>, u32, DST]; alu::rr[Quiet<And>, u32, DST]
    }
    { moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0] }
    { moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Add, u32, DST] }
    {
        moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST];
        alu::rr[Add, u32, DST]; moves::mov_mr[u16, FLAT_INDEX, 0]
    }
    {
        moves::mov_ri[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]
    }
    { moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_ri[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_ri[u32, 0]; shift::r_cl[Shl, u32, DST] }
    {
        moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; alu::r[Inc, u32, 0]
    }
    {
        moves::mov_rm[u16, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; moves::mov_mr[u16, FLAT_BASE, 0]
    }
    { moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Xor, u32, DST] }
    { moves::mov_rm[u32, BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Add, u32, DST];
        moves::extend_rm[Zero, u16, u32, FLAT_INDEX, INDEXED]; moves::mov_rr[u32, SRC]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Sub>, u32, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Sub>, u32, DST] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Quiet<Add>, u32, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Add, u32, FLAT_INDEX, BASED]; alu::rm[Add, u32, FLAT_INDEX, DST];
        moves::mov_rr[u32, 0]; alu::r[Not, u32, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[And, u32, FLAT_BASE, DST] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Quiet<Add>, u32, FLAT_BASE, DST] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Quiet<Add>, u32, FLAT_BASE, DST]; alu::rr[Quiet<Add>, u32, SRC];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[And, u32, SRC] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Add, u32, SRC];
        moves::mov_mr[u32, FLAT_INDEX, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<And>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC];
        alu::rr[Add, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, BASED] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[And, u32, FLAT_BASE, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, 0]; moves::lea[u32, BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, BASED]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, BASED]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rm[Add, u32, FLAT_INDEX, 0]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, BASED]; moves::mov_rm[u32, FLAT_BASE, DST];
        moves::mov_mr[u32, FLAT_BASE, BASED]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_BASE, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, DST];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::extend_rm[Zero, u8, u32, FLAT_INDEX, 0]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]
    }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED]; alu::rr[Add, u32, DST] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[And, u32, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Shl, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, INDEX, BASED]
    }
    { moves::mov_rm[u32, FLAT_BASE, BASED]; alu::rr[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_rm[u32, FLAT_INDEX, 0]; alu::rm[Quiet<Add>, u32, FLAT_INDEX, DST] }
    {
        moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0];
        shift::r_imm[Quiet<Shr>, u32, 0]
    }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u32, 0] }
    { moves::mov_rr[u32, 0]; alu::ri[And, u32, DST] }
    { moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST] }
    { moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Add, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    {
        moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; alu::rr[Quiet<Add>, u32, DST];
        shift::r_imm[Shl, u32, DST]; moves::mov_mr[u32, FLAT_INDEX, INDEXED]
    }
    {
        moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST]; moves::mov_rr[u32, SRC];
        shift::r_imm[Quiet<Shl>, u32, DST]
    }
    { moves::mov_rr[u32, 0]; alu::ri[Quiet<Sub>, u32, 0] }
    {
        moves::mov_rr[u32, 0]; alu::rr[Quiet<And>, u32, DST]; alu::rr[Add, u32, SRC];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Add, u32, 0]
    }
    { moves::mov_rr[u32, 0]; alu::rr[Quiet<Sub>, u32, DST]; shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Add, u32, DST] }
    { moves::mov_rr[u32, 0]; alu::rr[Quiet<Xor>, u32, DST]; alu::rr[And, u32, DST] }
    {
        moves::mov_rr[u32, 0]; alu::rr[Sub, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, DST]; moves::mov_rr[u32, SRC]
    }
    { moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0] }
    {
        moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::rr[Add, u32, 0]
    }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::ri[And, u32, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Sub, u32, SRC] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_mr[u32, FLAT_BASE, 0]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, 0];
        shift::r_imm[Quiet<Ror>, u32, 0]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST] }
    {
        moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Ror>, u32, DST]
    }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::setcc[2] }
    {
        moves::mov_rr[u32, 0]; moves::setcc[2]; moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u8, u32, 0];
        alu::ri[Quiet<And>, u32, 0]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST];
        shift::r_imm[Quiet<Shr>, u32, 0]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST];
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Xor, u32, DST]
    }
    { moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC] }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST]
    }
    { moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, 0]; shift::r_imm[Quiet<Ror>, u32, 0] }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Ror>, u32, DST]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::ri[Quiet<And>, u32, 0];
        alu::rr[Quiet<Add>, u32, SRC]; shift::r_imm[Quiet<Shl>, u32, DST]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::ri[Quiet<And>, u32, 0];
        alu::rr[Quiet<Add>, u32, SRC]; shift::r_imm[Shl, u32, DST]
    }
    { moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST] }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0];
        alu::imul_rr[Quiet<Product>, u32, SRC]
    }
    { moves::mov_rr[u32, 0]; shift::r_imm[Shr, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    { moves::mov_rr[u32, SRC]; moves::mov_mr[u32, FLAT_BASE, 0] }
    { moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { moves::mov_rr[u32, SRC]; moves::mov_rr[u32, 0] }
    {
        moves::mov_rr[u32, SRC]; moves::setcc[2]; alu::rm[Add, u32, FLAT_INDEX, 0];
        moves::extend_rr[Zero, u8, u32, 0]; moves::lea[u32, INDEX, 0]
    }
    {
        moves::mov_rr[u8, SRC]; shift::r_cl[Quiet<Shr>, u32, 0]; alu::rr[Quiet<Add>, u32, DST];
        moves::lea[u32, INDEX, { BASED | INDEXED }]
    }
    {
        moves::setcc[2]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_INDEX, INDEXED]
    }
    { moves::setcc[5]; moves::setcc[5]; moves::extend_rr[Zero, u8, u32, 0] }
    { moves::setcc[7]; moves::extend_rr[Zero, u8, u32, SRC]; alu::r[Neg, u32, DST] }
    { shift::r_cl[Quiet<Shl>, u32, DST]; moves::mov_ri[u32, 0]; alu::rr[Sub, u32, DST] }
    {
        shift::r_imm[Quiet<Rol>, u32, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shr>, u32, 0]
    }
    { shift::r_imm[Quiet<Rol>, u32, 0]; shift::r_imm[Quiet<Rol>, u32, 0]; alu::rr[Quiet<Xor>, u32, DST] }
    { shift::r_imm[Quiet<Ror>, u32, 0]; alu::rr[Quiet<Xor>, u32, DST] }
    {
        shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Add, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Cmp, u32, 0]; moves::setcc[2]
    }
    { shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Or, u32, SRC] }
    {
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Xor, u32, SRC]; alu::rm[Quiet<Add>, u32, FLAT_BASE, DST];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]
    }
    {
        shift::r_imm[Quiet<Shr>, u32, 0]; moves::lea[u32, INDEX, { BASED | INDEXED }]; alu::rr[Quiet<Add>, u32, DST];
        alu::rr[Quiet<Add>, u32, DST]; alu::rr[Quiet<Add>, u32, DST]
    }
    {
        shift::r_imm[Quiet<Shr>, u32, DST]; alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0]
    }
    {
        shift::r_imm[Shl, u32, 0]; moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_ri[u32, 0]; moves::mov_mi[u32, FLAT_BASE, 0]
    }
    { shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC] }
    {
        shift::r_imm[Shr, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Quiet<Sub>, u32, SRC];
        moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Sar>, u32, DST]
    }
    { shift::r_imm[Shr, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    {
        shift::r_imm[Shr, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    { stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT] }
    { stack::push_i[u32, STACK_FLAT]; stack::push_m[u32, FLAT_BASE, 0] }
    { stack::push_m[u32, FLAT_BASE, 0]; stack::push_m[u32, FLAT_BASE, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0]; moves::mov_rr[u32, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0]; stack::push_r[u32, STACK_FLAT, 0] }
    {
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0]; stack::push_r[u32, STACK_FLAT, 0];
        moves::mov_rr[u32, 0]
    }
    { stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0] }
    { stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0] }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        moves::mov_rr[u32, 0]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]
    }
    { stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT] }
    {
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]
    }
    {
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT];
        stack::pop_r[u32, STACK_FLAT]; stack::pop_r[u32, STACK_FLAT]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        alu::ri[Sub, u32, 0]
    }
}
