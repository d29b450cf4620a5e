//! Sequences in the middle of traces of 64-bit code, and of code in segments that must be looked at.

use super::super::alu::{self, Add, And, Cmp, Inc, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Xor};
use super::super::dispatch::{Dispatch, Then};
use super::super::moves::{self, Sign, Zero};
use super::super::operand::{BASED, DST, INDEXED, LONG_BASE, LONG_INDEX, LONG_RIP, LONG_SEGMENT, SRC, STACK_LONG};
use super::super::shift::{self, Sar, Shl, Shr};
use super::super::{Fast, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    { alu::imul_rr[Quiet<Product>, u64, 0]; alu::imul_rr[Quiet<Product>, u64, 0] }
    { alu::imul_rri[Quiet<Product>, u32, 0]; alu::ri[Quiet<Add>, u64, 0]; alu::ri[Quiet<Add>, u32, 0] }
    {
        alu::imul_rri[Quiet<Product>, u32, 0]; moves::mov_rr[u32, 0]; alu::ri[Quiet<And>, u32, DST];
        moves::lea[u64, LONG_INDEX, { BASED | INDEXED }]; alu::ri[Quiet<Add>, u32, 0]
    }
    { alu::r[Quiet<Inc>, u64, 0]; alu::rr[Quiet<And>, u32, 0] }
    { alu::ri[Add, u16, 0]; moves::mov_mr[u16, LONG_INDEX, 0] }
    { alu::ri[Add, u64, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { alu::ri[Add, u64, 0]; moves::mov_rr[u64, 0] }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]
    }
    { alu::ri[Cmp, u32, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { alu::ri[Quiet<Add>, u64, 0]; alu::ri[Quiet<Add>, u64, 0] }
    {
        alu::ri[Quiet<Add>, u64, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0]; alu::r[Not, u32, DST];
        alu::rr[Quiet<And>, u32, DST]
    }
    {
        alu::ri[Quiet<And>, u32, 0]; shift::r_imm[Shr, u32, 0]; moves::lea[u32, LONG_INDEX, 0];
        moves::mov_rm[u32, LONG_BASE, 0]
    }
    { alu::ri[Quiet<Sub>, u64, 0]; alu::ri[Add, u64, 0] }
    {
        alu::ri[Sub, u64, 0]; moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_SEGMENT, 0];
        moves::mov_mr[u64, LONG_BASE, SRC]; moves::mov_rm[u64, LONG_BASE, DST]
    }
    {
        alu::ri[Sub, u64, 0]; moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_mr[u64, LONG_BASE, SRC];
        alu::rr[Xor, u32, DST]
    }
    { alu::rr[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    {
        alu::rr[Add, u32, SRC]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rr[u64, 0]
    }
    { alu::rr[Cmp, u64, 0]; moves::cmov_64[12]; alu::rr[Cmp, u64, 0]; moves::cmov_64[15] }
    { alu::rr[Cmp, u64, 0]; moves::mov_rr[u64, 0]; moves::cmov_64[3]; alu::rr[Quiet<Add>, u64, 0] }
    {
        alu::rr[Quiet<Add>, u32, DST]; shift::r_imm[Sar, u32, DST]; moves::cbw[u64, 0];
        moves::mov_rm[u32, LONG_INDEX, INDEXED]
    }
    { alu::rr[Quiet<Add>, u64, DST]; moves::mov_rr[u64, 0]; alu::rr[Quiet<Add>, u64, 0] }
    { alu::rr[Quiet<Or>, u32, DST]; shift::r_imm[Quiet<Shl>, u64, DST]; alu::rr[Or, u64, SRC] }
    {
        alu::rr[Quiet<Sbb>, u32, DST]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Quiet<And>, u32, 0];
        alu::ri[Add, u32, DST]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Quiet<Sub>, u32, 0]; alu::ri[Add, u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    { alu::rr[Quiet<Sub>, u32, 0]; alu::rr[Sub, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
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
    { alu::rr[Quiet<Xor>, u32, 0]; moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0] }
    {
        alu::rr[Quiet<Xor>, u32, DST]; alu::rr[Quiet<And>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST];
        moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]
    }
    {
        alu::rr[Test, u64, 0]; moves::cmov_64[8]; alu::rr[Sub, u64, SRC]; moves::lea[u64, LONG_INDEX, 0];
        moves::mov_mr[u64, LONG_BASE, 0]
    }
    { alu::rr[Xor, u32, 0]; moves::mov_rr[u64, 0] }
    { moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, SRC]; shift::r_imm[Quiet<Shr>, u16, 0];
        alu::rr[Sub, u32, SRC]; moves::mov_mr[u16, LONG_BASE, 0]
    }
    { moves::extend_rm[Zero, u8, u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u64, 0] }
    { moves::extend_rr[Zero, u8, u32, 0]; alu::rr[Sub, u64, 0] }
    { moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, SRC] }
    {
        moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Shr>, u32, DST]
    }
    { moves::lea[u32, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Shr, u32, DST] }
    { moves::lea[u64, LONG_INDEX, 0]; alu::ri[Add, u32, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0]; alu::ri[Sub, u64, 0];
        moves::mov_mr[u64, LONG_BASE, 0]
    }
    { moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC] }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC];
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::rr[Add, u32, SRC]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        moves::lea[u64, LONG_INDEX, 0]; moves::mov_mr[u64, LONG_BASE, SRC];
        moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, SRC]
    }
    { moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0] }
    { moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u32, 0]; alu::rr[Sub, u64, 0]; moves::mov_mr[u64, LONG_BASE, 0] }
    { moves::mov_mi[u32, LONG_BASE, 0]; moves::mov_mi[u32, LONG_BASE, 0] }
    { moves::mov_mi[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; moves::extend_rm[Zero, u16, u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        alu::r[Not, u32, 0]; alu::rr[Quiet<And>, u32, SRC]
    }
    { moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    {
        moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    {
        moves::mov_mr[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0];
        moves::mov_mr[u8, LONG_INDEX, SRC]; alu::rm[Cmp, u64, LONG_BASE, 0]
    }
    { moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_mi[u64, LONG_BASE, 0]; alu::ri[Add, u64, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0] }
    {
        moves::mov_mr[u64, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_RIP, 0];
        moves::mov_rm[u64, LONG_BASE, 0]
    }
    { moves::mov_mr[u64, LONG_INDEX, SRC]; moves::mov_mr[u16, LONG_INDEX, 0] }
    { moves::mov_ri[u64, 0]; shift::r_cl[Quiet<Shl>, u64, DST]; alu::r[Not, u64, DST]; alu::rr[Test, u64, DST] }
    { moves::mov_rm[u16, LONG_INDEX, 0]; moves::mov_ri[u32, 0]; alu::rr[Cmp, u16, 0]; moves::cmov[2] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<And>, u32, DST]; alu::ri[Or, u8, 0];
        moves::mov_mr[u32, LONG_BASE, 0]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0]; alu::ri[And, u32, DST] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; alu::rr[Cmp, u32, SRC]; moves::cmov[7];
        moves::lea[u32, LONG_INDEX, BASED]
    }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_ri[u32, 0]; moves::mov_rr[u32, 0];
        alu::rm[Quiet<And>, u32, LONG_BASE, 0]; alu::rr[Sub, u32, 0]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; alu::ri[Quiet<Add>, u64, 0] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::extend_rr[Zero, u8, u32, 0];
        alu::ri[Quiet<And>, u32, 0]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0];
        moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, 0]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    {
        moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; alu::rm[Quiet<Sub>, u64, LONG_BASE, DST];
        alu::rr[Cmp, u64, DST]
    }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u64, LONG_RIP, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    { moves::mov_rm[u32, LONG_BASE, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG] }
    { moves::mov_rm[u32, LONG_INDEX, 0]; alu::rm[Quiet<Add>, u32, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::ri[Cmp, u32, 0]; moves::mov_rm[u32, LONG_INDEX, BASED]; moves::setcc[4] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; alu::ri[Quiet<Add>, u16, 0]; shift::r_imm[Quiet<Shl>, u32, 0];
        alu::ri[Quiet<And>, u32, 0]; moves::mov_rr[u64, 0]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; alu::rr[Xor, u32, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, BASED] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::lea[u64, LONG_INDEX, BASED] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_mr[u64, LONG_BASE, 0]; stack::pop_r[u64, STACK_LONG] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    {
        moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, 0];
        shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]
    }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, BASED] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    { moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rr[u64, SRC] }
    {
        moves::mov_rm[u64, LONG_INDEX, INDEXED]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_rr[u64, 0];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u64, 0]
    }
    {
        moves::mov_rm[u64, LONG_RIP, 0]; alu::ri[Quiet<Add>, u32, 0]; moves::mov_rr[u32, SRC];
        shift::r_imm[Shr, u32, DST]; moves::mov_mr[u8, LONG_INDEX, SRC]
    }
    { moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_mr[u64, LONG_BASE, SRC] }
    { moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_mr[u64, LONG_BASE, SRC]; alu::rr[Quiet<Xor>, u32, DST] }
    {
        moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_mr[u64, LONG_BASE, SRC]; alu::rr[Quiet<Xor>, u32, DST];
        moves::mov_rr[u64, 0]; alu::ri[Quiet<And>, u64, DST]
    }
    {
        moves::mov_rm[u8, LONG_BASE, 0]; alu::r[Quiet<Inc>, u64, 0]; alu::rr[Quiet<Xor>, u32, 0];
        shift::r_imm[Shr, u32, 0]
    }
    { moves::mov_rr[u32, 0]; alu::mi[Quiet<Sub>, u32, LONG_INDEX, INDEXED]; alu::ri[Add, u64, 0] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0] }
    { moves::mov_rr[u32, 0]; alu::ri[Add, u64, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::rm[Xor, u32, LONG_INDEX, 0] }
    {
        moves::mov_rr[u32, 0]; alu::rm[Add, u32, LONG_INDEX, 0]; alu::rm[Quiet<Add>, u32, LONG_INDEX, 0];
        alu::r[Not, u32, 0]
    }
    {
        moves::mov_rr[u32, 0]; alu::rr[Xor, u32, 0]; moves::mov_rm[u32, LONG_BASE, 0];
        alu::rm[Quiet<Add>, u32, LONG_BASE, 0]
    }
    { moves::mov_rr[u32, 0]; moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Add>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::lea[u32, LONG_INDEX, 0]; alu::rr[Quiet<Xor>, u32, 0] }
    { moves::mov_rr[u32, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::mov_ri[u32, 0]; moves::mov_ri[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    {
        moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; alu::imul_rri[Quiet<Product>, u64, SRC];
        shift::r_imm[Quiet<Shr>, u64, DST]
    }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_mr[u32, LONG_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_mr[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rm[u32, LONG_BASE, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_BASE, 0]; moves::mov_rr[u32, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rm[u32, LONG_INDEX, 0]; alu::ri[Add, u64, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rr[u32, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rr[u32, 0]; shift::r_imm[Shr, u16, 0]; moves::mov_mr[u32, LONG_BASE, 0]; alu::rr[Sub, u32, SRC] }
    {
        moves::mov_rr[u32, 0]; stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0];
        stack::push_r[u64, STACK_LONG, 0]
    }
    { moves::mov_rr[u32, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0] }
    { moves::mov_rr[u64, 0]; alu::imul_rr[Quiet<Product>, u64, DST]; moves::mov_rr[u64, 0]; alu::imul_rr[Quiet<Product>, u64, DST] }
    { moves::mov_rr[u64, 0]; alu::ri[Add, u32, 0]; moves::mov_mr[u64, LONG_BASE, 0]; shift::r_imm[Shr, u64, 0] }
    { moves::mov_rr[u64, 0]; alu::ri[Quiet<Sub>, u32, 0]; shift::r_imm[Shr, u64, 0]; alu::rm[Xor, u64, LONG_BASE, DST] }
    { moves::mov_rr[u64, 0]; alu::rr[Quiet<Sub>, u64, DST] }
    {
        moves::mov_rr[u64, 0]; moves::cmov_64[7]; alu::rr[Sub, u32, SRC]; moves::mov_rr[u32, 0];
        moves::mov_mr[u32, LONG_BASE, 0]
    }
    { moves::mov_rr[u64, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u64, 0]; alu::rr[Quiet<Add>, u64, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]; alu::r[Quiet<Neg>, u64, 0]; alu::rr[Quiet<Sub>, u64, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]; alu::rr[Xor, u32, 0]; moves::mov_rr[u64, 0] }
    { moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0] }
    {
        moves::mov_rr[u64, SRC]; moves::extend_rm[Sign, u8, u64, LONG_BASE, 0]; alu::ri[Add, u64, 0];
        moves::mov_rr[u64, 0]
    }
    {
        shift::r_cl[Shl, u64, 0]; moves::mov_rr[u32, 0]; shift::r_cl[Quiet<Shr>, u32, 0]; moves::mov_rr[u32, SRC];
        alu::rr[Quiet<Add>, u32, DST]
    }
    {
        shift::r_imm[Quiet<Sar>, u32, 0]; moves::lea[u64, LONG_INDEX, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        moves::lea[u32, LONG_INDEX, 0]
    }
    { shift::r_imm[Quiet<Sar>, u32, DST]; alu::rr[Quiet<And>, u32, SRC]; moves::lea[u32, LONG_INDEX, 0] }
    {
        shift::r_imm[Quiet<Shl>, u32, 0]; alu::ri[Quiet<Xor>, u64, 0]; alu::rr[Quiet<Sub>, u32, SRC];
        moves::mov_rr[u32, SRC]; moves::mov_rr[u32, 0]
    }
    {
        shift::r_imm[Quiet<Shl>, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u64, 0];
        alu::ri[Quiet<And>, u32, DST]; alu::rr[Quiet<Or>, u32, SRC]
    }
    {
        shift::r_imm[Quiet<Shl>, u32, 0]; shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, LONG_BASE, 0];
        moves::mov_mr[u64, LONG_BASE, 0]; moves::extend_rm[Zero, u8, u32, LONG_INDEX, 0]
    }
    {
        shift::r_imm[Quiet<Shl>, u64, 0]; alu::rr[Quiet<Add>, u64, SRC]; alu::rr[Cmp, u64, DST]; moves::setcc[2];
        alu::rr[Add, u64, 0]
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
    { shift::r_imm[Shl, u64, 0]; moves::lea[u64, LONG_INDEX, 0]; moves::lea[u64, LONG_INDEX, 0] }
    { shift::r_imm[Shl, u64, DST]; moves::lea[u64, LONG_INDEX, BASED]; moves::mov_rr[u32, 0] }
    { shift::r_imm[Shr, u64, 0]; moves::extend_rr[Zero, u8, u32, 0]; alu::rm[Add, u64, LONG_BASE, 0] }
    { stack::pop_r[u64, STACK_LONG]; moves::mov_rr[u64, 0] }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]
    }
    { stack::push_r[u64, STACK_LONG, 0]; alu::ri[Sub, u64, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::lea[u64, LONG_INDEX, 0]; stack::push_r[u64, STACK_LONG, 0];
        alu::ri[Sub, u64, 0]
    }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rm[u64, LONG_BASE, 0]; moves::mov_rm[u64, LONG_BASE, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u32, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u32, 0]
    }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; alu::ri[Sub, u64, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; alu::ri[Sub, u64, 0];
        moves::mov_rm[u64, LONG_SEGMENT, 0]; moves::mov_mr[u64, LONG_BASE, SRC]
    }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Xor, u32, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; alu::rr[Xor, u32, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0] }
    { stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u32, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u64, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u64, 0]; moves::mov_rr[u64, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]
    }
    { stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0];
        stack::push_r[u64, STACK_LONG, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0];
        stack::push_r[u64, STACK_LONG, 0]; moves::mov_rr[u64, 0]
    }
    { stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        alu::ri[Sub, u64, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        alu::ri[Sub, u64, 0]; moves::mov_rm[u64, LONG_BASE, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        moves::mov_rr[u32, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]
    }
    { stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG] }
    { stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG] }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]
    }
    {
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]
    }
    { alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG] }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]
    }
    {
        alu::ri[Add, u64, 0]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG]; stack::pop_r[u64, STACK_LONG];
        stack::pop_r[u64, STACK_LONG]
    }
    { stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; alu::ri[Sub, u64, 0] }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]; alu::ri[Sub, u64, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; alu::ri[Sub, u64, 0]
    }
    {
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0]; stack::push_r[u64, STACK_LONG, 0];
        alu::ri[Sub, u64, 0]
    }
}
