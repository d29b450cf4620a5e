//! What is shown at each stop: why, the mode, registers with changes marked, code, what comes next, the stack.

use ringwalk_cpu::state::CpuState;
use serde::Serialize;

use crate::control::{BitsView, eflags};
use crate::disassembly::{Listing, bits, listing};
use crate::mode::{ModeView, mode};
use crate::outlook::{Outlook, outlook};
use crate::page::{Page, Show, Tone};
use crate::register::Register;
use crate::registers::{Value, cell, general, instruction_pointer, show_general, value};
use crate::segments::{ORDER, difference, grouped};
use crate::space::Address;
use crate::stack::{StackView, stack};
use crate::stop::Why;
use crate::target::Target;

/// The machine at a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Context {
    /// Why it stands still; absent where nothing ran.
    pub why: Option<Why>,
    /// Cycles since power-on.
    pub position: u64,
    /// Instructions retired since power-on.
    pub retired: u64,
    /// The mode line.
    pub mode: ModeView,
    /// General registers.
    pub general: Vec<Value>,
    /// Selectors.
    pub selectors: Vec<Value>,
    /// Segment registers whose hidden part is not what it seems, in words.
    pub hidden: Vec<String>,
    /// EIP or RIP.
    pub eip: Value,
    /// EFLAGS with its flags.
    pub eflags: BitsView,
    /// Control registers that changed.
    pub control: Vec<Value>,
    /// The next instructions.
    #[serde(flatten)]
    pub code: Listing,
    /// What the next instruction is about to do.
    pub next: Outlook,
    /// The top of the stack.
    pub stack: StackView,
}

/// Instructions that a context shows.
const CODE_LINES: u32 = 5;

/// The context now; `before` is the processor at the last stop.
pub fn context(target: &dyn Target, before: Option<&CpuState>, why: Option<Why>) -> Context {
    let cpu = target.cpu();
    let hidden = ORDER.iter().filter_map(|reg| Some((reg.name(), difference(target, *reg)?)));
    let control = [0, 2, 3, 4].map(|number| value(cpu, before, Register::Control(number)));
    Context {
        why,
        position: target.position(),
        retired: cpu.retired,
        mode: mode(target),
        general: general(cpu, before),
        selectors: ORDER.iter().map(|reg| value(cpu, before, Register::Segment(*reg))).collect(),
        hidden: grouped(hidden),
        eip: instruction_pointer(cpu, before),
        eflags: eflags(cpu, before),
        control: control.into_iter().filter(|value| value.changed).collect(),
        code: listing(target, Address::of_next(cpu), CODE_LINES),
        next: outlook(target),
        stack: stack(target, if bits(cpu) > 16 { 6 } else { 12 }),
    }
}

impl Show for Context {
    fn show(&self, page: &mut Page) {
        let why = self.why.as_ref().map_or("stopped", |why| why.text.as_str());
        page.line(page.tone(Tone::Title, format!("{why}  [position {}, retired {}]", self.position, self.retired)));
        self.mode.show(page);
        show_general(page, &self.general);
        let selectors = |value: &Value| page.mark(format!("{} {:04x}", value.name, value.value), value.changed);
        let selectors: Vec<String> = self.selectors.iter().map(selectors).collect();
        page.line(selectors.join("  "));
        let eip = cell(page, &self.eip);
        page.line(format!("{eip}  eflags {:08x}  {}", self.eflags.value, self.eflags.in_short(page)));
        if !self.control.is_empty() {
            let control: Vec<String> = self.control.iter().map(|value| cell(page, value)).collect();
            page.line(control.join("  "));
        }
        for hidden in &self.hidden {
            page.line(page.tone(Tone::Warning, hidden));
        }
        self.show_code(page);
        self.stack.show(page);
    }
}

impl Context {
    /// The next instruction, what it is about to do, and the instructions behind it.
    fn show_code(&self, page: &mut Page) {
        let mut whole = Page::new(false);
        self.code.show(&mut whole);
        for (index, line) in whole.finish().lines().enumerate() {
            if index > 0 {
                page.line(line);
                continue;
            }
            page.line(page.tone(Tone::Here, line));
            self.next.show(page);
        }
    }
}
