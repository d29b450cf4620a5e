//! Commands that change the machine from outside, or write files.

use std::path::Path;

use serde::Serialize;

use crate::commands::Arguments;
use crate::context::context;
use crate::desk::Desk;
use crate::error::Error;
use crate::expression::Parser;
use crate::page::{Answered, Page, Show, answer, note, plural};
use crate::register::Register;
use crate::space::Address;
use crate::stop::plain;
use crate::target::Target;

/// The state hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct HashView {
    hash: String,
    position: u64,
    retired: u64,
}

impl Show for HashView {
    fn show(&self, page: &mut Page) {
        page.line(&self.hash);
    }
}

/// `hash`.
pub fn hash(target: &mut dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    let hash = target.state_hash().map_err(Error::Target)?;
    answer(HashView { hash, position: target.position(), retired: target.cpu().retired })
}

/// `save FILE [on BASE]`.
pub fn save(target: &mut dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let name = |text: &str| Arguments { row: arguments.row, format: None, text: text.to_owned().into() }.path();
    let (path, base) = match arguments.text.rsplit_once(" on ") {
        Some((path, base)) => (name(path)?, Some(name(base)?)),
        None => (arguments.path()?, None),
    };
    note(target.save(Path::new(&path), base.as_deref().map(Path::new)).map_err(Error::Target)?)
}

/// `restore FILE`: breakpoints stay.
pub fn restore(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let path = arguments.path()?;
    let message = target.restore(Path::new(&path)).map_err(Error::Target)?;
    forget_moment(desk);
    note(message)
}

/// What was noted of the moment before no longer holds. The machine is told of the breakpoints anew.
fn forget_moment(desk: &mut Desk) {
    desk.before = None;
    desk.last_stop = None;
    desk.last_why = None;
    desk.announce = false;
    desk.next_memory = None;
    desk.next_code = None;
    desk.armed = Default::default();
}

/// `screenshot FILE`.
pub fn screenshot(target: &mut dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let path = arguments.path()?;
    note(target.screenshot(Path::new(&path)).map_err(Error::Target)?)
}

/// `reset`.
pub fn reset(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    arguments.none()?;
    target.reset();
    forget_moment(desk);
    let why = plain(target, "reset", "the reset button was pressed".to_string());
    desk.last_why = Some(why.clone());
    answer(context(target, None, Some(why)))
}

/// `type TEXT`.
pub fn type_text(target: &mut dyn Target, _: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let text = arguments.plain_text(arguments.text.trim())?;
    if text.is_empty() {
        return Err(arguments.usage("a text is missing"));
    }
    target.type_text(&text).map_err(Error::Target)?;
    let keys = text.chars().count();
    note(format!("typed {}: the guest sees them as it runs", plural(keys as u64, "key")))
}

/// A register before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct SetView {
    register: &'static str,
    old: u64,
    new: u64,
}

impl Show for SetView {
    fn show(&self, page: &mut Page) {
        page.line(format!("{} {:#x} -> {:#x}", self.register, self.old, self.new));
    }
}

/// `set REG = EXPR`, `set byte ADDR = EXPR`.
pub fn set(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let mut parser = arguments.parser()?;
    parser.take_sign("%");
    let Some(word) = parser.word().map(str::to_string) else {
        return Err(arguments.usage("a register, or byte, word or dword and an address, is missing"));
    };
    if let Some(bytes) = crate::expression::size_word(&word) {
        parser.take_word(&word);
        let bracket = parser.take_sign("[");
        let at = parser.place()?.address(target)?;
        if bracket && !parser.take_sign("]") {
            return Err(parser.trouble("a ] is missing"));
        }
        parser.take_sign("=");
        let values = values(target, &mut parser, bytes)?;
        return store(target, desk, at, &values, arguments);
    }
    let Some(register) = Register::by_name(&word) else {
        return Err(parser.trouble(format!("`{word}` is no register")));
    };
    parser.take_word(&word);
    parser.take_sign("=");
    if parser.at_end() {
        return Err(arguments.usage("a value is missing"));
    }
    let value = parser.expression()?.value(target)?;
    parser.end()?;
    let old = register.read(target.cpu());
    target.set_register(register, value).map_err(Error::Target)?;
    desk.next_code = None;
    answer(SetView { register: register.name(), old, new: register.read(target.cpu()) })
}

/// `write ADDR = VALUE..`, `write/w ADDR = VALUE..`: numbers and quoted texts.
pub fn write(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    let bytes = match arguments.format {
        None | Some("b") => 1,
        Some("h") => 2,
        Some("w") => 4,
        Some("g") => 8,
        Some(other) => {
            return Err(arguments.usage(format!("`{other}` is no unit: b h w g are 1 2 4 8 bytes")));
        }
    };
    let mut parser = arguments.parser()?;
    if parser.at_end() {
        return Err(arguments.usage("an address is missing"));
    }
    let at = parser.place()?.address(target)?;
    parser.take_sign("=");
    let values = values(target, &mut parser, bytes)?;
    store(target, desk, at, &values, arguments)
}

/// Values in memory order. Each is a single operand, a sum in brackets, or a quoted text; commas may part them.
fn values(target: &dyn Target, parser: &mut Parser<'_>, bytes: u32) -> Result<Vec<u8>, Error> {
    let mut found = Vec::new();
    while !parser.at_end() {
        if let Some(text) = parser.take_quoted() {
            found.extend_from_slice(text.as_bytes());
        } else {
            let value = parser.unary()?.value(target)?;
            let limit = u64::MAX >> (64 - 8 * bytes);
            let negative = value.leading_ones() > 64 - 8 * bytes;
            if value > limit && !negative {
                return Err(Error::Value(format!("{value:#x} does not fit {}", plural(u64::from(bytes), "byte"))));
            }
            found.extend_from_slice(&value.to_le_bytes()[..bytes as usize]);
        }
        parser.take_sign(",");
    }
    Ok(found)
}

fn store(target: &mut dyn Target, desk: &mut Desk, at: Address, values: &[u8], arguments: &Arguments<'_>) -> Answered {
    if values.is_empty() {
        return Err(arguments.usage("a value is missing"));
    }
    // Every byte finds its own page, and nothing is written unless all have one.
    let places: Option<Vec<_>> =
        (0..values.len()).map(|index| at.plus(index as u32).physical(target.cpu(), target.memory())).collect();
    let places = places.ok_or_else(|| Error::Value(format!("{} is not mapped; see `walk`", at.text())))?;
    let mut taken = 0;
    for (place, value) in places.iter().zip(values) {
        taken += target.write_memory(*place, &[*value]);
    }
    desk.breakpoints.look(target.cpu(), target.memory());
    match taken {
        0 => Err(Error::Value(format!("nothing was written: no memory takes writes at {}", at.text()))),
        _ if taken < values.len() => {
            let lost = plural((values.len() - taken) as u64, "byte");
            Err(Error::Value(format!("{lost} behind the first {taken} found no memory that takes writes")))
        }
        _ => note(format!("wrote {} at {}", plural(taken as u64, "byte"), at.text())),
    }
}
