//! `regs`: all registers, with hidden segment state and decoded flags; what changed is marked.

use ringwalk_cpu::state::CpuState;
use serde::Serialize;

use crate::control::{BitsView, eflags};
use crate::page::{Page, Show};
use crate::register::Register;
use crate::segments::{SegmentsView, segments};
use crate::target::Target;

/// A register's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// It changed since the last stop.
    pub changed: bool,
    /// Hexadecimal digits to show it with, at least.
    #[serde(skip)]
    pub digits: usize,
}

/// All registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistersView {
    /// EAX EBX ECX EDX ESI EDI EBP ESP, or in 64-bit code RAX to RSP and R8 to R15.
    pub general: Vec<Value>,
    /// EIP, or in 64-bit code RIP.
    pub eip: Value,
    /// EFLAGS with its flags.
    pub eflags: BitsView,
    /// Segment registers with their hidden parts.
    #[serde(flatten)]
    pub segments: SegmentsView,
    /// GDTR and IDTR, base and limit.
    pub tables: Vec<Value>,
    /// CR0 CR2 CR3 CR4.
    pub control: Vec<Value>,
}

/// The order in which people read the general registers: EAX EBX ECX EDX ESI EDI EBP ESP.
const ORDER: [u8; 8] = [0, 3, 1, 2, 6, 7, 5, 4];

/// A register's value, marked if it differs from that in `before`.
pub fn value(cpu: &CpuState, before: Option<&CpuState>, register: Register) -> Value {
    let value = register.read(cpu);
    let changed = before.is_some_and(|old| register.read(old) != value);
    Value { name: register.name(), value, changed, digits: register.digits() }
}

/// The general registers in reading order.
pub fn general(cpu: &CpuState, before: Option<&CpuState>) -> Vec<Value> {
    if !cpu.code_is_64() {
        return ORDER.iter().map(|number| value(cpu, before, Register::General(*number))).collect();
    }
    let all = ORDER.iter().copied().chain(8..16);
    all.map(|number| value(cpu, before, Register::Wide(number))).collect()
}

/// EIP or RIP.
pub fn instruction_pointer(cpu: &CpuState, before: Option<&CpuState>) -> Value {
    value(cpu, before, if cpu.code_is_64() { Register::Rip } else { Register::Eip })
}

/// All registers; `before` is the processor at the last stop.
pub fn registers(target: &dyn Target, before: Option<&CpuState>) -> RegistersView {
    let cpu = target.cpu();
    let values = |registers: &[Register]| registers.iter().map(|register| value(cpu, before, *register)).collect();
    use Register::{Control, GdtBase, GdtLimit, IdtBase, IdtLimit};
    RegistersView {
        general: general(cpu, before),
        eip: instruction_pointer(cpu, before),
        eflags: eflags(cpu, before),
        segments: segments(target, before),
        tables: values(&[GdtBase, GdtLimit, IdtBase, IdtLimit]),
        control: values(&[Control(0), Control(2), Control(3), Control(4)]),
    }
}

/// Writes general registers, four in a line.
pub fn show_general(page: &mut Page, general: &[Value]) {
    for four in general.chunks(4) {
        let cells: Vec<String> = four.iter().map(|value| cell(page, value)).collect();
        page.line(cells.join("  "));
    }
}

/// A register's name and value.
pub fn cell(page: &Page, value: &Value) -> String {
    page.mark(format!("{} {:0digits$x}", value.name, value.value, digits = value.digits), value.changed)
}

impl Show for RegistersView {
    fn show(&self, page: &mut Page) {
        show_general(page, &self.general);
        let eip = cell(page, &self.eip);
        page.line(format!("{eip}  eflags {:08x}  {}", self.eflags.value, self.eflags.in_short(page)));
        self.segments.show(page);
        for pair in self.tables.chunks(2) {
            let changed = pair.iter().any(|value| value.changed);
            let name = page.mark(pair[0].name, changed);
            page.line(format!("{name}      base {:08x}  limit {:08x}", pair[0].value, pair[1].value));
        }
        let control: Vec<String> = self.control.iter().map(|value| cell(page, value)).collect();
        page.line(control.join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;
    use ringwalk_cpu::segment::{LONG, SegReg};
    use ringwalk_cpu::state::{CR0_PE, EFER_LMA};

    #[test]
    fn sixty_four_bit_code_has_sixteen_wide_registers() {
        let mut fake = Fake::new();
        fake.cpu.cr0 |= CR0_PE;
        fake.cpu.msrs.efer = EFER_LMA;
        fake.cpu.segments[SegReg::Cs as usize].rights |= LONG;
        fake.cpu.gpr[8] = 0xFFFF_8000_0000_1234;
        fake.cpu.rip = 0xFFFF_FFFF_8100_0000;
        let shown = registers(&fake, None);
        assert_eq!(shown.general.len(), 16);
        let page = Page::new(false);
        assert_eq!(cell(&page, &shown.general[8]).trim_end(), "r8 ffff800000001234");
        assert_eq!(cell(&page, &shown.eip).trim_end(), "rip ffffffff81000000");
        fake.cpu.segments[SegReg::Cs as usize].rights &= !LONG;
        assert_eq!(cell(&page, &registers(&fake, None).eip).trim_end(), "eip 81000000");
    }
}
