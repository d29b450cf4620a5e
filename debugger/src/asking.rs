//! Questions over time: who wrote this, and when did that change. Each is answered by running gaps between checkpoints
//! again with a watch, from the newest backward or the oldest forward, and leaves the machine where it is.

use ringwalk_mmu::PhysAddr;
use serde::Serialize;

use crate::back;
use crate::breakpoints::{Breakpoint, Breakpoints, Kind, held, read_watch};
use crate::commands::Arguments;
use crate::desk::Desk;
use crate::error::Error;
use crate::page::{Answered, Page, Show, answer};
use crate::register::Register;
use crate::reverse::{Found, stops_between};
use crate::running::disarm;
use crate::space::Address;
use crate::stop::{WatchView, writer};
use crate::target::{Past, Stop, Target};

/// An answer: writes, the newest last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Writes {
    /// What was asked about.
    place: String,
    /// Bytes that values are shown of.
    bytes: usize,
    writes: Vec<Write>,
    /// Some are left out.
    more: bool,
    /// Where the search began and ended.
    from: u64,
    to: u64,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Write {
    /// Right behind the instruction.
    position: u64,
    #[serde(flatten)]
    access: WatchView,
}

impl Show for Writes {
    fn show(&self, page: &mut Page) {
        if self.writes.is_empty() {
            page.line(format!("{}: no instruction wrote it between {} and {}", self.place, self.from, self.to));
        }
        for write in &self.writes {
            let access = &write.access;
            let digits = 2 * self.bytes;
            let values = match (access.old, access.new) {
                (Some(old), Some(new)) => format!("{old:0digits$x} -> {new:0digits$x}"),
                _ => format!("<- {:0digits$x}", access.value),
            };
            page.line(format!("{:>12}  {}  {values}  by {}", write.position, self.place, access.by));
        }
        if self.more {
            page.line("and more: ask with a greater number");
        }
        if let [write] = self.writes.as_slice() {
            page.line(format!("`goto {}` goes there", write.position));
        }
    }
}

/// Which writes are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
    /// The last so many.
    All(u64),
}

fn past_of(target: &mut dyn Target) -> Result<Past, Error> {
    match target.past() {
        Some(past) => Ok(past),
        None => Err(Error::Target(target.travel(0).err().unwrap_or_default())),
    }
}

/// `last write ADDR [LEN]`, `last change REG`, `last change DEVICE.FIELD`.
pub fn last(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    if let Some(register) = arguments.after_word("change") {
        return last_change(target, desk, arguments, register);
    }
    writes(target, desk, arguments, Which::Last)
}

/// `first write ADDR [LEN]`.
pub fn first(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    writes(target, desk, arguments, Which::First)
}

/// Writes that `all writes` shows.
const USUAL: u64 = 20;

/// `all writes ADDR [LEN] [most N]`.
pub fn all(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>) -> Answered {
    writes(target, desk, arguments, Which::All(USUAL))
}

fn writes(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>, mut which: Which) -> Answered {
    let text = arguments.text.trim();
    let text = text.strip_prefix("writes").or(text.strip_prefix("write")).unwrap_or(text).trim();
    let (text, most) = text.split_once(" most ").unwrap_or((text, ""));
    if let (Which::All(count), false) = (&mut which, most.is_empty()) {
        *count = crate::expression::number(most.trim()).map_err(|problem| arguments.usage(problem))?;
    }
    if text.is_empty() {
        return Err(arguments.usage("`write` and an address are missing"));
    }
    let place = Arguments { row: arguments.row, format: None, text: text.into() };
    let mut parser = place.parser()?;
    let watch = read_watch(target, &mut parser)?;
    parser.end()?;
    let past = past_of(target)?;
    let mut asked = Breakpoints::default();
    asked.add(Breakpoint::new(Kind::Data(watch)));
    let here = target.position();
    let led = search(target, desk, &asked, here, which);
    disarm(target, desk);
    // Wherever the search went, the machine stands where it stood.
    let back = target.travel(here).map_err(Error::Target)?;
    let found = match (led, back) {
        (Ok(found), Stop::Position) => found,
        (Err(Stop::Interrupted), _) | (_, Stop::Interrupted) => {
            return Err(Error::Target("interrupted: nothing was found so far".to_owned()));
        }
        (Err(stop), _) | (Ok(_), stop) => return Err(Error::Target(format!("the search ended early: {stop:?}"))),
    };
    let space = if watch.physical { "phys" } else { "lin" };
    let (more, writes) = found;
    let bytes = watch.bytes.min(8) as usize;
    answer(Writes { bytes, place: format!("{space} {:08x}", watch.first), writes, more, from: past.oldest, to: here })
}

/// Looks for writes. True with them: there are more.
fn search(
    target: &mut dyn Target,
    desk: &mut Desk,
    asked: &Breakpoints,
    here: u64,
    which: Which,
) -> Result<(bool, Vec<Write>), Stop> {
    target.set_watches(asked.watches(std::iter::empty()));
    let mut starts: Vec<u64> = target.checkpoints().into_iter().filter(|at| *at < here).collect();
    let mut ends: Vec<u64> = starts.iter().skip(1).copied().chain([here]).collect();
    if which != Which::First {
        starts.reverse();
        ends.reverse();
    }
    let (most, enough) = match which {
        Which::First | Which::Last => (1, 1),
        Which::All(count) => {
            let most = usize::try_from(count).unwrap_or(usize::MAX);
            (most, most.saturating_add(1))
        }
    };
    let mut found: Vec<Found> = Vec::new();
    let watched = asked.iter().find_map(|asked| match asked.kind {
        Kind::Data(watch) if watch.physical => Some((PhysAddr(watch.first), watch.bytes)),
        _ => None,
    });
    for (start, end) in starts.into_iter().zip(ends) {
        if watched.is_some_and(|(first, bytes)| !target.may_have_written(first, bytes, start, end)) {
            continue;
        }
        let mut stops = stops_between(target, asked, start, end)?;
        stops.retain(|found| matches!(found.stop, Stop::Watch(_)) && found.position <= here);
        if which == Which::First {
            found.extend(stops.into_iter().next());
        } else {
            found.extend(stops.into_iter().rev());
        }
        if found.len() >= enough {
            break;
        }
        if target.take_interrupt() {
            return Err(Stop::Interrupted);
        }
    }
    // What two gaps share is told once.
    found.dedup_by_key(|found| found.position);
    let more = matches!(which, Which::All(_)) && found.len() > most;
    found.truncate(most);
    found.reverse();
    let mut writes = Vec::new();
    for found in found {
        writes.extend(tell(target, desk, asked, &found)?);
    }
    Ok((more, writes))
}

/// Goes to a write and looks at what it changed.
fn tell(target: &mut dyn Target, desk: &mut Desk, asked: &Breakpoints, found: &Found) -> Result<Option<Write>, Stop> {
    let Stop::Watch(hit) = found.stop else { return Ok(None) };
    let watched = asked.iter().find_map(|asked| match asked.kind {
        Kind::Data(watch) => Some(watch),
        Kind::Code(_) | Kind::Event(_) | Kind::Screen => None,
    });
    let now = |target: &dyn Target| watched.and_then(|watch| held(target.cpu(), target.memory(), &watch));
    let reach = |target: &mut dyn Target, position: u64| match target.travel(position) {
        Ok(Stop::Position) => Ok(()),
        Ok(stop) => Err(stop),
        Err(trouble) => Err(Stop::Host(trouble)),
    };
    let mut old = None;
    if let Some(previous) = back::previous(target, desk, found.position) {
        reach(target, previous)?;
        old = now(target);
    }
    reach(target, found.position)?;
    let new = now(target);
    let by = writer(target, &hit);
    let access = WatchView { linear: hit.linear.0, bytes: hit.bytes, write: true, value: hit.value, old, new, by };
    Ok(Some(Write { position: found.position, access }))
}

/// What may have changed: a register, a flag, or what `device` tells of a field.
enum Changing {
    Register(Register),
    Field { device: String, field: String },
}

impl Changing {
    /// Reads `REG` or `DEVICE.FIELD`, the field in letters of any case; its beginning is enough.
    fn read(target: &dyn Target, arguments: &Arguments<'_>, name: &str) -> Result<Changing, Error> {
        if let Some(register) = Register::by_name(name) {
            return Ok(Changing::Register(register));
        }
        let Some((device, field)) = name.split_once('.') else {
            return Err(arguments.usage(format!("`{name}` is no register, and no device.field")));
        };
        let Some(fields) = target.device(device) else {
            let names = target.device_names().join(", ");
            return Err(Error::Target(format!("`{device}` is no device: there are {names}")));
        };
        let known: Vec<&str> = fields.iter().map(|(known, _)| known.as_str()).collect();
        let field = field.to_lowercase();
        let whole = known.iter().copied().find(|known| known.to_lowercase() == field);
        let mut begun = known.iter().copied().filter(|known| known.to_lowercase().starts_with(&field));
        match (whole.or(begun.next()), whole.or(begun.next())) {
            (Some(found), other) if other.is_none_or(|other| other == found) => {
                Ok(Changing::Field { device: device.to_owned(), field: found.to_owned() })
            }
            (None, _) => Err(Error::Target(format!("{device} has no `{field}`, but {}", known.join(", ")))),
            _ => Err(Error::Target(format!("{device} has more than one field `{field}..`: {}", known.join(", ")))),
        }
    }

    fn name(&self) -> String {
        match self {
            Changing::Register(register) => register.name().to_owned(),
            Changing::Field { device, field } => format!("{device}.{field}"),
        }
    }

    /// What it is now, as it is shown.
    fn value(&self, target: &dyn Target) -> String {
        match self {
            Changing::Register(register) => format!("{:#x}", register.read(target.cpu())),
            Changing::Field { device, field } => {
                let fields = target.device(device).unwrap_or_default();
                fields.into_iter().find(|(known, _)| known == field).map_or_else(String::new, |(_, value)| value)
            }
        }
    }
}

/// When a register or a device's field took the value that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Change {
    what: String,
    /// Right behind the step that changed it; `None` if nothing did since the history begins.
    position: Option<u64>,
    old: Option<String>,
    new: String,
    by: String,
    oldest: u64,
}

impl Show for Change {
    fn show(&self, page: &mut Page) {
        match (self.position, &self.old) {
            (Some(position), Some(old)) => {
                page.line(format!("{position:>12}  {} {old} -> {}  by {}", self.what, self.new, self.by));
                page.line(format!("`goto {position}` goes there"));
            }
            _ => {
                page.line(format!("{} has been {} since the history begins at {}", self.what, self.new, self.oldest));
            }
        }
    }
}

fn last_change(target: &mut dyn Target, desk: &mut Desk, arguments: &Arguments<'_>, name: &str) -> Answered {
    let changing = Changing::read(target, arguments, name.trim())?;
    let past = past_of(target)?;
    disarm(target, desk);
    let (here, new) = (target.position(), changing.value(target));
    let found = back::last_difference(target, desk, &mut |target| changing.value(target) != new);
    let (what, by) = (changing.name(), String::new());
    let mut change = Change { what, position: None, old: None, new, by, oldest: past.oldest };
    if let Ok(Some((before, behind))) = found {
        target.travel(before).map_err(Error::Target)?;
        change.old = Some(changing.value(target));
        let at = Address::of_next(target.cpu());
        change.by = format!("{} {}", at.text(), crate::disassembly::decode(target, at).text());
        change.position = Some(behind);
    }
    target.travel(here).map_err(Error::Target)?;
    if found == Err(Stop::Interrupted) {
        return Err(Error::Target("interrupted: no change was found so far".to_owned()));
    }
    answer(change)
}
