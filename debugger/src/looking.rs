//! Commands that only look. They get the machine as `&dyn Target`: none of them can change it.

use serde::Serialize;

use crate::commands::{Arguments, Command, TOPICS};
use crate::context::context;
use crate::control;
use crate::desk::Desk;
use crate::disassembly::listing;
use crate::error::Error;
use crate::expression::{Expr, Parser};
use crate::float_registers;
use crate::memory::{self, DUMP, Format, Shape};
use crate::mode::mode;
use crate::page::{Answered, Page, Show, answer, note};
use crate::paging;
use crate::registers::registers;
use crate::segments::segments;
use crate::space::{Address, Everywhere};
use crate::stack::stack;
use crate::tables;
use crate::target::{Screen, Target};

/// Instructions that `disassemble` shows without a count.
const USUAL_LINES: u32 = 10;

/// `regs`, `info registers`.
pub fn regs(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(registers(target, desk.before.as_ref()))
}

/// `context`.
pub fn show_context(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(context(target, desk.before.as_ref(), desk.last_why.clone()))
}

/// `x`.
pub fn examine(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let last = desk.next_memory;
    let format = match arguments.format {
        Some(format) => Format::parse(format)?,
        None if parser.at_end() => last.map_or(DUMP, |(_, format)| format),
        None => DUMP,
    };
    let from = if parser.at_end() {
        last.map(|(at, _)| at).ok_or_else(|| arguments.usage("an address is missing"))?
    } else {
        parser.place()?.address(target)?
    };
    parser.end()?;
    if format.shape == Shape::Code {
        let listing = listing(target, from, format.count);
        desk.next_memory = Some((behind(target, from, format.count), format));
        return answer(listing);
    }
    let (view, next) = memory::memory(target, from, format);
    desk.next_memory = Some((next, format));
    answer(view)
}

/// The address behind so many instructions.
fn behind(target: &dyn Target, from: Address, count: u32) -> Address {
    (0..count).fold(from, |at, _| crate::disassembly::decode(target, at).after())
}

/// `disassemble`.
pub fn disassemble(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let from = if parser.at_end() {
        desk.next_code.unwrap_or_else(|| Address::of_next(target.cpu()))
    } else {
        parser.place()?.address(target)?
    };
    let mut count = match arguments.format {
        Some(format) => Format::parse(format)?.count,
        None => USUAL_LINES,
    };
    parser.take_sign(",");
    if !parser.at_end() {
        let value = parser.expression()?.value(target)?;
        count = u32::try_from(value).unwrap_or(u32::MAX);
    }
    parser.end()?;
    let count = count.clamp(1, memory::MOST_BYTES);
    desk.next_code = Some(behind(target, from, count));
    answer(listing(target, from, count))
}

/// `stack`.
pub fn show_stack(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let slots = arguments.count(target, 24)?.min(u64::from(memory::MOST_BYTES) / 4);
    answer(stack(target, slots as u32))
}

/// A value in every base, or an address in every space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Printed {
    Number { value: u64 },
    Place { address: Everywhere },
}

impl Show for Printed {
    fn show(&self, page: &mut Page) {
        match self {
            Printed::Place { address } => page.line(address.text()),
            Printed::Number { value } => {
                let mut text = format!("{value:#x} = {value}");
                // Negative as a word of 16, 32 or 64 bits.
                for bits in [16, 32, 64] {
                    let fits = bits == 64 || *value < 1 << bits;
                    if fits && *value >> (bits - 1) & 1 != 0 {
                        text.push_str(&format!(" = {}", (value << (64 - bits)).cast_signed() >> (64 - bits)));
                        break;
                    }
                }
                if let Some(letter) = u8::try_from(*value).ok().filter(u8::is_ascii_graphic) {
                    text.push_str(&format!(" = '{}'", char::from(letter)));
                }
                page.line(text);
            }
        }
    }
}

/// `print`.
pub fn print(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    if parser.at_end() {
        return Err(arguments.usage("an expression is missing"));
    }
    if let Ok(expr) = whole_expression(&arguments.text) {
        return answer(Printed::Number { value: expr.value(target)? });
    }
    let place = parser.place()?;
    parser.end()?;
    let address = place.address(target)?.everywhere(target.cpu(), target.memory());
    answer(Printed::Place { address })
}

fn whole_expression(text: &str) -> Result<Expr, Error> {
    let mut parser = Parser::new(text)?;
    let expr = parser.expression()?;
    parser.end()?;
    Ok(expr)
}

/// `walk`.
pub fn walk(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    let at = if parser.at_end() { Address::of_next(target.cpu()) } else { parser.place()?.address(target)? };
    parser.end()?;
    let view = paging::walk(target, at);
    answer(view.ok_or_else(|| Error::Value("a physical address is not translated any further".to_string()))?)
}

/// `info`.
pub fn info(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let text = arguments.text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if word.is_empty() {
        return answer(crate::help::topics());
    }
    if let Some(topic) = TOPICS.iter().find(|topic| topic.answers_to(word)) {
        return topic.look(target, desk, rest);
    }
    if target.device_names().iter().any(|name| name.eq_ignore_ascii_case(word)) {
        return one_device(target, word);
    }
    let near = crate::help::nearest(word, TOPICS.iter().map(|topic| topic.name));
    Err(Error::UnknownWord { command: "info", word: word.to_string(), near })
}

impl Command {
    fn look(&'static self, target: &dyn Target, desk: &mut Desk, rest: &str) -> Answered {
        let arguments = Arguments { row: self, format: None, text: rest.trim().into() };
        match self.run {
            crate::commands::Run::Look(function) => function(target, desk, &arguments),
            _ => Err(Error::Value("topics of info only look".to_string())),
        }
    }
}

/// `info gdt [SELECTOR]`.
pub fn gdt(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    answer(tables::only(tables::gdt(target), arguments.optional(target)?)?)
}

/// `info ldt [SELECTOR]`.
pub fn ldt(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    answer(tables::only(tables::ldt(target)?, arguments.optional(target)?)?)
}

/// `info idt [VECTOR]`.
pub fn idt(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    answer(tables::only(tables::idt(target), arguments.optional(target)?)?)
}

/// `info ivt [VECTOR]`.
pub fn ivt(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    answer(tables::only(tables::ivt(target), arguments.optional(target)?)?)
}

/// `info tss`.
pub fn tss(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(tables::tss(target)?)
}

/// `info seg`.
pub fn seg(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(segments(target, desk.before.as_ref()))
}

/// `info cr`.
pub fn cr(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(control::control(target.cpu(), desk.before.as_ref()))
}

/// `info eflags`.
pub fn eflags(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(control::eflags(target.cpu(), desk.before.as_ref()))
}

/// `info dr`.
pub fn dr(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(control::debug_registers(target.cpu()))
}

/// `info fpu`.
pub fn fpu(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(float_registers::fpu(target.cpu(), desk.before.as_ref()))
}

/// `info sse`.
pub fn sse(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(float_registers::sse(target.cpu(), desk.before.as_ref()))
}

/// `info msr`.
pub fn msr(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(control::MsrView { msrs: target.cpu().msrs.clone() })
}

/// `info mode`.
pub fn show_mode(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(mode(target))
}

/// `info tlb [ADDR]`.
pub fn tlb(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    if !arguments.text.trim().is_empty() {
        return walk(target, desk, arguments);
    }
    answer(paging::tlb(target))
}

/// Names and values in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fields {
    /// What they belong to.
    pub title: String,
    /// Names and values, in order.
    pub fields: Vec<(String, String)>,
}

impl Show for Fields {
    fn show(&self, page: &mut Page) {
        page.line(page.tone(crate::page::Tone::Title, &self.title));
        let rows: Vec<Vec<String>> =
            self.fields.iter().map(|(name, value)| vec![format!("  {name}"), value.clone()]).collect();
        page.table(&rows);
    }
}

/// Names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Names {
    names: Vec<String>,
}

impl Show for Names {
    fn show(&self, page: &mut Page) {
        page.paragraph("", &self.names.join("  "));
    }
}

/// `devices`.
pub fn devices(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(Names { names: target.device_names() })
}

/// `device NAME`, `info device [NAME]`.
pub fn device(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    match arguments.text.trim() {
        "" => devices(target, desk, arguments),
        name => one_device(target, name),
    }
}

fn one_device(target: &dyn Target, name: &str) -> Answered {
    let names = target.device_names();
    let known = names.iter().find(|known| known.eq_ignore_ascii_case(name));
    let known = known.or_else(|| {
        let mut begin = names.iter().filter(|known| known.starts_with(name));
        begin.next().filter(|_| begin.next().is_none())
    });
    let fields = known.and_then(|known| target.device(known));
    match (known, fields) {
        (Some(known), Some(fields)) => answer(Fields { title: known.clone(), fields }),
        _ => Err(Error::UnknownWord {
            command: "device",
            word: name.to_string(),
            near: crate::help::nearest(name, names.iter().map(String::as_str)),
        }),
    }
}

/// The text screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ScreenView {
    screen: Option<Screen>,
}

impl Show for ScreenView {
    fn show(&self, page: &mut Page) {
        let Some(screen) = &self.screen else {
            page.line("the screen shows graphics; `screenshot FILE.png` saves it");
            return;
        };
        let used = screen.rows.iter().rposition(|row| !row.trim_end().is_empty()).map_or(0, |last| last + 1);
        for row in &screen.rows[..used] {
            page.line(format!("| {row}"));
        }
        let cursor = match screen.cursor {
            Some((row, column)) => format!("cursor at row {row}, column {column}"),
            None => "cursor off".to_string(),
        };
        page.line(format!("{} rows of {} columns, {cursor}", screen.rows.len(), screen.columns));
    }
}

/// `screen`.
pub fn screen(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    answer(ScreenView { screen: target.screen() })
}

/// What COM1 sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SerialView {
    text: String,
}

impl Show for SerialView {
    fn show(&self, page: &mut Page) {
        if self.text.is_empty() {
            page.line("COM1 has sent nothing yet");
        }
        for line in self.text.lines() {
            // Control codes of the guest must not reach the user's terminal.
            let safe: String = line.chars().filter(|letter| !letter.is_control() || *letter == '\t').collect();
            page.line(format!("| {safe}"));
        }
    }
}

/// `serial [LINES]`.
pub fn serial(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let lines = arguments.count(target, 25)?;
    let text = target.serial_tail();
    let all: Vec<&str> = text.lines().collect();
    let first = all.len().saturating_sub(usize::try_from(lines).unwrap_or(usize::MAX));
    answer(SerialView { text: all[first..].join("\n") })
}

/// `info machine`.
pub fn machine(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let mut fields = target.config_summary();
    fields.push(("position".to_string(), target.position().to_string()));
    fields.push(("retired".to_string(), target.cpu().retired.to_string()));
    answer(Fields { title: "machine".to_string(), fields })
}

/// `info notes`.
pub fn notes(target: &dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let notes = target.notes();
    if notes.is_empty() {
        return note("the guest asked for nothing that the machine lacks");
    }
    let fields = notes.into_iter().map(|(line, count)| (line, format!("{count} times"))).collect();
    answer(Fields { title: "what the guest used and the machine lacks".to_string(), fields })
}

/// `history [N]`.
pub fn history(target: &dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let count = usize::try_from(arguments.count(target, 20)?).unwrap_or(usize::MAX);
    let first = desk.history.len().saturating_sub(count);
    let number = |(index, line): (usize, &String)| ((first + index + 1).to_string(), line.clone());
    let fields = desk.history[first..].iter().enumerate().map(number).collect();
    answer(Fields { title: "commands so far".to_string(), fields })
}
