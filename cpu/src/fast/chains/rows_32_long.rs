//! Long sequences in the middle of traces of 32-bit code: see [`super`].

use super::super::alu::{self, Adc, Add, And, Cmp, Neg, Not, Or, Product, Quiet, Sbb, Sub, Test, Xor};
use super::super::dispatch::{Dispatch, Then};
use super::super::moves::{self, Zero};
use super::super::operand::{BASE, BASED, DST, FLAT_BASE, FLAT_INDEX, INDEX, INDEXED, SRC, STACK_FLAT};
use super::super::shift::{self, Rol, Ror, Shl, Shr};
use super::super::{Fast, stack};
use super::{Row, handler, onward, parts, rest, rows};
use crate::exec::Hot;
use crate::insn::Insn;
use crate::state::CpuState;

rows! {
    {
        alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0];
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0];
        moves::mov_rr[u32, SRC]; moves::mov_rr[u32, 0]; moves::cmov_rm[3, u32, FLAT_BASE]
    }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        alu::ri[Sub, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]
    }
    {
        alu::ri[Add, u32, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        alu::ri[Sub, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; alu::ri[Quiet<And>, u32, 0]; alu::ri[Quiet<Add>, u16, 0];
        alu::ri[Quiet<And>, u32, DST]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Or, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Or, u32, SRC];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        alu::rr[Quiet<Add>, u32, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0];
        alu::rr[Add, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::setcc[2]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, INDEXED]; alu::rr[Sub, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Adc, u32, 0]
    }
    {
        alu::rr[Quiet<Add>, u32, DST]; moves::lea[u32, BASE, 0]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, 0];
        moves::cmov[2]; moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Add>, u32, 0];
        alu::rr[Quiet<Add>, u32, SRC]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Cmp, u32, 0]; moves::setcc[2];
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, SRC]; moves::lea[u32, INDEX, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        alu::rr[Quiet<And>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC]; alu::rr[Add, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, SRC]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Ror>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST];
        alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST];
        alu::rr[Xor, u32, SRC]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        alu::rr[Quiet<Xor>, u32, 0]; alu::rr[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[And, u32, SRC];
        moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Xor, u32, DST]; moves::mov_rr[u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0];
        alu::rr[Quiet<And>, u32, 0]; alu::rr[Quiet<Add>, u32, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Ror>, u32, 0]; shift::r_imm[Quiet<Ror>, u32, 0]; alu::rr[Quiet<Xor>, u32, DST];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC]; moves::mov_rr[u32, 0];
        alu::rr[Quiet<Xor>, u32, DST]; alu::rr[And, u32, DST]
    }
    {
        moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0]; shift::r_cl[Shl, u32, DST];
        moves::mov_rr[u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::r[Quiet<Not>, u32, 0];
        alu::rr[Quiet<And>, u32, DST]; alu::rr[Test, u32, DST]; moves::setcc[5]
    }
    {
        moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0]; stack::push_r[u32, STACK_FLAT, 0];
        alu::r[Neg, u32, DST]; stack::push_r[u32, STACK_FLAT, 0]; alu::ri[Sub, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, SRC]; moves::extend_rr[Zero, u16, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::lea[u32, INDEX, 0]
    }
    {
        moves::lea[u32, BASE, 0]; stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rr[u32, 0];
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        moves::mov_rr[u32, 0]; alu::r[Quiet<Neg>, u32, DST]; alu::ri[Sub, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; alu::rr[Add, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, SRC];
        moves::mov_rr[u32, 0]; moves::cmov_rm[3, u32, FLAT_BASE]; alu::rr[Quiet<Add>, u32, 0];
        shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Add, u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, 0]
    }
    {
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0]; moves::setcc[2];
        shift::r_imm[Shr, u32, 0]; moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Add, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Add, u32, FLAT_INDEX, 0]; alu::rr[Adc, u32, 0];
        moves::mov_mr[u32, FLAT_INDEX, 0]; alu::rr[Add, u32, DST]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, 0];
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, DST]; alu::rr[Add, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0];
        moves::cmov_rm[3, u32, FLAT_BASE]; moves::extend_rr[Zero, u16, u32, 0]; alu::rr[Quiet<Add>, u32, DST];
        alu::rr[Xor, u32, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Sub, u32, 0]; moves::mov_rr[u32, 0];
        alu::rr[Quiet<Sbb>, u32, 0]; alu::rr[Cmp, u32, 0]; alu::rr[Sbb, u32, SRC]; moves::mov_rr[u32, 0];
        moves::cmov[13]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rr[u32, 0]; moves::cmov[12];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED];
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, DST]; alu::rr[Quiet<Xor>, u32, SRC];
        alu::ri[And, u32, DST]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Xor, u32, DST]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::lea[u32, INDEX, INDEXED]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        shift::r_imm[Shl, u32, DST]; moves::extend_rm[Zero, u8, u32, FLAT_BASE, 0]; alu::rr[Quiet<Xor>, u32, SRC];
        alu::ri[And, u32, DST]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, 0]; moves::mov_rr[u32, 0];
        moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0];
        shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Add, u32, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, 0];
        moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_rr[u32, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0];
        moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::rr[Quiet<Add>, u32, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Rol>, u32, DST];
        alu::rr[Quiet<Xor>, u32, DST]; shift::r_imm[Quiet<Shr>, u32, 0]; alu::rr[Xor, u32, DST];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::rm[Quiet<Add>, u32, FLAT_BASE, DST]; alu::rr[Quiet<Add>, u32, SRC]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::extend_rr[Zero, u16, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]; alu::imul_rr[Quiet<Product>, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Quiet<Add>, u32, 0];
        moves::mov_rr[u32, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::extend_rr[Zero, u8, u32, SRC]; moves::mov_mi[u32, FLAT_BASE, 0];
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, BASED]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_mi[u32, FLAT_BASE, 0]; moves::mov_mi[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED];
        moves::mov_mi[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Quiet<Shr>, u32, DST]; alu::rr[Quiet<Add>, u32, 0];
        alu::rr[Quiet<Add>, u32, DST]; moves::lea[u32, BASE, 0]; alu::rr[Cmp, u32, 0]; moves::mov_rr[u32, 0];
        moves::cmov[2]; shift::r_imm[Shr, u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; shift::r_imm[Quiet<Shl>, u32, 0];
        alu::rr[Add, u32, 0]; moves::extend_rm[Zero, u16, u32, FLAT_BASE, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_ri[u32, 0]; alu::rr[Quiet<Add>, u32, 0];
        alu::rr[Sub, u32, 0]; alu::rr[Quiet<Sbb>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0]; alu::rr[Quiet<Xor>, u32, 0];
        alu::rr[Sub, u32, 0]; alu::rr[Quiet<Sbb>, u32, 0]; alu::rr[Cmp, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0];
        moves::mov_rr[u32, SRC]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rr[Sbb, u32, DST];
        moves::mov_mr[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_rr[u32, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rr[Quiet<Sub>, u32, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Or>, u32, DST];
        moves::extend_rr[Zero, u16, u32, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; alu::imul_rr[Quiet<Product>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::imul_rr[Quiet<Product>, u32, SRC]
    }
    {
        moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Ror>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Ror>, u32, DST]; alu::rr[Quiet<Xor>, u32, DST]; moves::mov_rr[u32, 0];
        shift::r_imm[Quiet<Rol>, u32, DST]; alu::rr[Xor, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::rm[Add, u32, FLAT_INDEX, BASED]; alu::rm[Add, u32, FLAT_INDEX, DST]; moves::mov_rr[u32, 0];
        alu::r[Quiet<Not>, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[And, u32, SRC];
        moves::mov_rm[u32, FLAT_BASE, 0]
    }
    {
        moves::mov_rr[u32, SRC]; moves::extend_rr[Zero, u16, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::lea[u32, INDEX, 0]; shift::r_imm[Shr, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rr[Add, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rr[Xor, u32, 0];
        moves::lea[u32, BASE, 0]
    }
    {
        shift::r_imm[Quiet<Shr>, u32, DST]; alu::rr[Add, u32, DST]; moves::mov_rm[u32, FLAT_BASE, 0];
        alu::ri[Quiet<Add>, u32, DST]; alu::rr[Cmp, u32, 0]; moves::cmov_rm[3, u32, FLAT_BASE];
        moves::extend_rr[Zero, u16, u32, 0]; alu::rr[Quiet<Add>, u32, DST]; alu::rr[Xor, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, 0]; moves::mov_rr[u32, 0]; shift::r_imm[Quiet<Shl>, u32, DST];
        alu::rr[Add, u32, SRC]; moves::mov_rm[u32, FLAT_BASE, 0]; alu::rr[Cmp, u32, 0]; moves::setcc[2]
    }
    {
        shift::r_imm[Shl, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, BASE, BASED]; moves::mov_mr[u32, FLAT_BASE, SRC];
        moves::extend_rm[Zero, u8, u32, FLAT_INDEX, 0]; shift::r_imm[Quiet<Shl>, u32, 0]; alu::rr[Quiet<Add>, u32, DST];
        shift::r_imm[Shr, u32, 0]; moves::mov_mr[u32, FLAT_BASE, SRC]; alu::rr[Quiet<Sub>, u32, SRC]
    }
    {
        shift::r_imm[Shr, u32, 0]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rr[Add, u32, 0];
        moves::mov_mr[u32, FLAT_BASE, SRC]; moves::mov_mr[u32, FLAT_BASE, 0]; alu::rr[Xor, u32, 0];
        moves::lea[u32, BASE, BASED]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_INDEX, 0];
        moves::mov_rr[u32, 0]; moves::extend_rr[Zero, u16, u32, 0]; shift::r_imm[Quiet<Shr>, u32, 0];
        alu::imul_rr[Quiet<Product>, u32, 0]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; alu::ri[Sub, u32, 0]; moves::mov_rm[u32, FLAT_INDEX, BASED];
        alu::rr[Xor, u32, 0]
    }
    {
        stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0]; stack::push_r[u32, STACK_FLAT, 0];
        stack::push_r[u32, STACK_FLAT, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0];
        moves::mov_rm[u32, FLAT_BASE, 0]; moves::mov_rm[u32, FLAT_BASE, 0]; moves::lea[u32, INDEX, 0];
        moves::lea[u32, INDEX, 0]; alu::r[Quiet<Neg>, u32, 0]; alu::rr[Xor, u32, 0]
    }
}
