//! Breakpoints and watchpoints: any number, in any space, with conditions and counts. They belong to the debugger,
//! never to the machine: a restore keeps them.

use ringwalk_cpu::event::Wanted;
use ringwalk_cpu::state::CpuState;
use ringwalk_cpu::watch::{DataWatch, Place};
use ringwalk_mmu::{LinAddr, Memory, PAGE_BYTES, PhysAddr};
use serde::Serialize;

use crate::error::Error;
use crate::events::wanted_text;
use crate::expression::{Expr, Parser, size_word};
use crate::page::{Page, Show, Tone, plural};
use crate::session::known_command;
use crate::space::{Address, logical, physical_of};
use crate::target::{Stop, Target, Wants};
use crate::token;

/// What a breakpoint waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An instruction.
    Code(Place),
    /// An access to memory.
    Data(DataWatch),
    /// Whatever else can happen.
    Event(Wanted),
    /// A text that comes to stand on the screen, or any change of it: [`Breakpoint::text_shown`].
    Screen,
}

/// One breakpoint or watchpoint.
#[derive(Clone, Debug)]
pub struct Breakpoint {
    /// Its number.
    pub id: u32,
    /// What it waits for.
    pub kind: Kind,
    /// It is in force.
    pub enabled: bool,
    /// It goes away with its first stop.
    pub temporary: bool,
    /// It stops only where this holds, with the text as typed.
    pub condition: Option<(Expr, String)>,
    /// So many more hits do not stop.
    pub ignore: u64,
    /// How often it was hit while its condition held.
    pub hits: u64,
    /// What the watched bytes held at the last look.
    pub held: Option<u64>,
    /// What the screen must show, for [`Kind::Screen`]; empty for any change.
    pub text_shown: Option<String>,
    /// Commands that are run where it stops.
    pub actions: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Breakpoints {
    all: Vec<Breakpoint>,
    last_id: u32,
}

impl Breakpoints {
    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Breakpoint> {
        self.all.iter()
    }

    /// Adds one; answers its number.
    pub fn add(&mut self, mut breakpoint: Breakpoint) -> u32 {
        self.last_id += 1;
        breakpoint.id = self.last_id;
        if let Kind::Data(watch) = &mut breakpoint.kind {
            watch.id = self.last_id;
        }
        self.all.push(breakpoint);
        self.last_id
    }

    /// The one with this number.
    pub fn get_mut(&mut self, id: u64) -> Result<&mut Breakpoint, Error> {
        // Numbers ascend.
        let at = self.all.binary_search_by_key(&id, |found| found.id.into()).map_err(|_| Error::NoBreakpoint(id))?;
        Ok(&mut self.all[at])
    }

    /// Removes the one with this number.
    pub fn remove(&mut self, id: u64) -> Result<(), Error> {
        self.get_mut(id)?;
        self.all.retain(|found| u64::from(found.id) != id);
        Ok(())
    }

    /// Removes the one that stopped the machine if it is temporary.
    pub fn retire(&mut self, stopped_by: Option<u32>) {
        self.all.retain(|found| !(found.temporary && Some(found.id) == stopped_by));
    }

    /// The same, each stopping as if it had no count to pass by.
    pub fn without_counts(&self) -> Breakpoints {
        let mut all = self.clone();
        all.all.iter_mut().for_each(|found| found.ignore = 0);
        all
    }

    /// Counts a stop that is come to backward; true if its breakpoint's count passes it by.
    pub fn passes_by(&mut self, stop: &Stop) -> bool {
        let id = match stop {
            Stop::Breakpoint(id) | Stop::Shown(id) => *id,
            Stop::Watch(hit) => hit.id,
            Stop::Event(hit) => hit.id,
            _ => return false,
        };
        let Ok(found) = self.get_mut(u64::from(id)) else { return false };
        let passed = found.ignore > 0;
        found.ignore = found.ignore.saturating_sub(1);
        passed
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// What the machine must look for, with more places of the debugger's own.
    pub fn watches(&self, own: impl Iterator<Item = Place>) -> Wants {
        let Wants { mut code, mut data, mut events, mut screen } = Wants::default();
        for breakpoint in self.all.iter().filter(|found| found.enabled) {
            match breakpoint.kind {
                Kind::Code(place) => code.push((breakpoint.id, place)),
                Kind::Data(watch) => data.push(watch),
                Kind::Event(wanted) => events.push((breakpoint.id, wanted)),
                Kind::Screen => screen.extend(breakpoint.text_shown.clone().map(|text| (breakpoint.id, text))),
            }
        }
        code.extend(own.map(|place| (OWN, place)));
        Wants { code, data, events, screen }
    }

    /// Looks at what all watched bytes hold.
    pub fn look(&mut self, cpu: &CpuState, memory: &Memory) {
        self.all.iter_mut().for_each(|breakpoint| breakpoint.look(cpu, memory));
    }

    /// Counts a hit of every enabled breakpoint at the next instruction; answers the number of the first that wants
    /// to stop.
    pub fn arrive(&mut self, target: &dyn Target) -> Option<u32> {
        let at_place = |found: &&mut Breakpoint| match found.kind {
            Kind::Code(place) => found.enabled && stands_at(target.cpu(), target.memory(), place),
            Kind::Data(_) | Kind::Event(_) | Kind::Screen => false,
        };
        let mut stop = None;
        for breakpoint in self.all.iter_mut().filter(at_place) {
            if breakpoint.hit(target) {
                stop = stop.or(Some(breakpoint.id));
            }
        }
        stop
    }

    /// Counts a hit of a watchpoint; true if it wants to stop.
    pub fn touch(&mut self, target: &dyn Target, id: u32) -> bool {
        self.get_mut(u64::from(id)).is_ok_and(|found| found.hit(target))
    }
}

/// The number of the debugger's own places; users' numbers begin at 1.
pub const OWN: u32 = 0;

/// What the first bytes (up to 8) of a watched span hold.
pub fn held(cpu: &CpuState, memory: &Memory, watch: &DataWatch) -> Option<u64> {
    let at = if watch.physical { Address::Physical(watch.first) } else { Address::Linear(watch.first) };
    at.peek_number(cpu, memory, watch.bytes.min(8) as u32)
}

/// True if the place is that of the next instruction.
pub fn stands_at(cpu: &CpuState, memory: &Memory, place: Place) -> bool {
    match place {
        Place::Logical(selector, offset) => {
            cpu.seg(ringwalk_cpu::segment::SegReg::Cs).selector.0 == selector && cpu.rip == offset
        }
        Place::Linear(address) => cpu.linear_rip() == address,
        Place::Physical(address) => {
            let at = fetch_address(cpu, memory);
            at.is_some_and(|at| memory.behind_a20(at) == PhysAddr(address))
        }
    }
}

/// Where the next instruction is fetched from, before the A20 gate: by the page that the processor holds for it, else
/// by the tables.
fn fetch_address(cpu: &CpuState, memory: &Memory) -> Option<PhysAddr> {
    let linear = LinAddr(cpu.linear_rip());
    match cpu.fetch_page {
        Some(page) if page.linear == linear.page() => {
            Some(PhysAddr(page.physical * PAGE_BYTES + linear.offset_in_page()))
        }
        _ => physical_of(cpu, memory, linear),
    }
}

impl Breakpoint {
    /// Looks at what the watched bytes hold.
    pub(crate) fn look(&mut self, cpu: &CpuState, memory: &Memory) {
        if let Kind::Data(watch) = self.kind {
            self.held = held(cpu, memory, &watch);
        }
    }

    /// One that is in force.
    pub fn new(kind: Kind) -> Breakpoint {
        Breakpoint {
            id: 0,
            kind,
            enabled: true,
            temporary: false,
            condition: None,
            ignore: 0,
            hits: 0,
            held: None,
            text_shown: None,
            actions: None,
        }
    }

    fn hit(&mut self, target: &dyn Target) -> bool {
        // A condition that has no value now stops, so that the user learns of it.
        let holds = |(expr, _): &(Expr, String)| expr.value(target) != Ok(0);
        if !self.condition.as_ref().is_none_or(holds) {
            return false;
        }
        self.hits += 1;
        if self.ignore > 0 {
            self.ignore -= 1;
            return false;
        }
        true
    }

    /// Reads what follows the address: `if CONDITION`, `ignore COUNT` and `do "COMMANDS"`.
    pub fn read_tail(&mut self, parser: &mut Parser<'_>) -> Result<(), Error> {
        loop {
            if parser.take_word("ignore") {
                let word = parser.word().unwrap_or_default().to_string();
                self.ignore = crate::expression::number(&word).map_err(|problem| parser.trouble(problem))?;
                parser.take_word(&word);
            } else if parser.take_word("if") {
                let text = parser.rest();
                let expr = parser.expression()?;
                let typed = text[..text.len() - parser.rest().len()].trim_end().to_string();
                self.condition = Some((expr, typed));
            } else if parser.take_word("do") {
                self.read_actions(parser)?;
            } else {
                return parser.end();
            }
        }
    }

    /// Reads the commands that are run where it stops, in quotes.
    pub fn read_actions(&mut self, parser: &mut Parser<'_>) -> Result<(), Error> {
        let wanted = "commands in quotes were meant, as in \"regs; continue\"";
        let commands = parser.take_quoted().ok_or_else(|| parser.trouble(wanted))?;
        token::commands(&commands).into_iter().try_for_each(known_command)?;
        self.actions = Some(commands);
        Ok(())
    }

    /// What it waits for, in words.
    pub fn text(&self) -> String {
        match self.kind {
            Kind::Code(place) => place_text(place),
            Kind::Event(wanted) => wanted_text(wanted),
            Kind::Screen => match self.text_shown.as_deref() {
                None | Some("") => "change of the text screen".to_owned(),
                Some(text) => format!("{text:?} on the screen"),
            },
            Kind::Data(watch) => {
                let what = access_name(watch.read, watch.write);
                let space = if watch.physical { "phys" } else { "lin" };
                format!("{what} {space} {:08x}, {}", watch.first, plural(watch.bytes, "byte"))
            }
        }
    }
}

/// A watchpoint's kind as its messages call it.
pub fn access_name(read: bool, write: bool) -> &'static str {
    match (read, write) {
        (true, true) => "read/write",
        (true, false) => "read",
        _ => "write",
    }
}

/// A breakpoint's place in its own space.
pub fn place_text(place: Place) -> String {
    match place {
        Place::Logical(selector, offset) => logical(selector, offset),
        Place::Linear(address) => format!("lin {address:08x}"),
        Place::Physical(address) => format!("phys {address:08x}"),
    }
}

/// The place that an address names.
pub fn place_of(address: Address) -> Place {
    match address {
        Address::Logical { selector, offset, .. } => Place::Logical(selector, offset),
        Address::Linear(at) => Place::Linear(at),
        Address::Physical(at) => Place::Physical(at),
    }
}

/// Reads `ADDR [LEN] [r|w|rw]`.
pub fn read_watch(target: &dyn Target, parser: &mut Parser<'_>) -> Result<DataWatch, Error> {
    let address = parser.place()?.address(target)?;
    let (physical, first) = match address {
        Address::Physical(at) => (true, at),
        _ => (false, address.linear().map_or(0, |at| at.0)),
    };
    let mut watch = DataWatch { id: 0, physical, first, bytes: 1, read: false, write: true };
    while let Some(word) = parser.word().map(str::to_lowercase) {
        match word.as_str() {
            "if" | "ignore" | "do" => break,
            "r" | "w" | "rw" | "wr" => (watch.read, watch.write) = (word.contains('r'), word.contains('w')),
            _ => {
                let bytes = size_word(&word).map_or_else(|| crate::expression::number(&word), |bytes| Ok(bytes.into()));
                watch.bytes = bytes.map_err(|_| parser.trouble("a length, byte, word, dword, r, w or rw was meant"))?;
            }
        }
        parser.take_word(&word);
    }
    if watch.first >= 1 << 52 {
        return Err(parser.trouble("physical addresses have at most 52 bits"));
    }
    if watch.bytes == 0 || watch.bytes > 1 << 32 {
        return Err(parser.trouble("a watchpoint covers at least 1 byte and at most 4 GiB"));
    }
    Ok(watch)
}

/// The list of breakpoints and watchpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakpointsView {
    /// All, by number.
    pub breakpoints: Vec<BreakpointView>,
}

/// A breakpoint or watchpoint in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakpointView {
    /// Its number.
    pub id: u32,
    /// `break` or `watch`.
    pub kind: &'static str,
    /// What it waits for.
    pub place: String,
    /// It is in force.
    pub enabled: bool,
    /// It goes away with its first stop.
    pub temporary: bool,
    /// It stops only where this holds.
    pub condition: Option<String>,
    /// So many more hits do not stop.
    pub ignore: u64,
    /// How often it was hit.
    pub hits: u64,
    /// What the watched bytes hold.
    pub holds: Option<u64>,
    /// Commands that are run where it stops.
    pub actions: Option<String>,
}

impl BreakpointView {
    /// One of them in words.
    pub fn new(breakpoint: &Breakpoint) -> BreakpointView {
        BreakpointView {
            id: breakpoint.id,
            kind: if matches!(breakpoint.kind, Kind::Data(_)) { "watch" } else { "break" },
            place: breakpoint.text(),
            enabled: breakpoint.enabled,
            temporary: breakpoint.temporary,
            condition: breakpoint.condition.as_ref().map(|(_, text)| text.clone()),
            ignore: breakpoint.ignore,
            hits: breakpoint.hits,
            holds: breakpoint.held,
            actions: breakpoint.actions.clone(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} {}  {}", self.kind, self.id, self.place);
        if let Some(condition) = &self.condition {
            text.push_str(&format!("  if {condition}"));
        }
        if self.ignore > 0 {
            text.push_str(&format!("  ignores the next {}", self.ignore));
        }
        if let Some(actions) = &self.actions {
            text.push_str(&format!("  do {actions:?}"));
        }
        if self.hits > 0 {
            text.push_str(&format!("  hit {}", times(self.hits)));
        }
        for (shown, word) in [(self.temporary, "  once"), (!self.enabled, "  disabled")] {
            text.push_str(if shown { word } else { "" });
        }
        text
    }
}

/// `once`, `twice`, `17 times`.
pub fn times(count: u64) -> String {
    match count {
        1 => "once".to_string(),
        2 => "twice".to_string(),
        _ => format!("{count} times"),
    }
}

impl Show for BreakpointView {
    fn show(&self, page: &mut Page) {
        let text = self.text();
        page.line(if self.enabled { text } else { page.tone(Tone::Faint, text) });
    }
}

impl Show for BreakpointsView {
    fn show(&self, page: &mut Page) {
        if self.breakpoints.is_empty() {
            page.line("no breakpoints; `break ADDR` or `watch ADDR` sets one");
        }
        for view in &self.breakpoints {
            view.show(page);
        }
    }
}
