//! A case that differs, in words, and in lines that replay it.

use super::case::{Case, step_of};
use super::forms::Forms;
use super::judge::Verdict;
use super::state::{NAMES, State, XSTATE_BYTES, XState};

/// Differences of one kind are shown once: the instruction at which code ended, and what differs.
pub(crate) fn kind(case: &Case, verdict: &Verdict) -> String {
    let what: Vec<&str> =
        verdict.differences.iter().map(|words| words.split([':']).next().unwrap_or("")).take(3).collect();
    let step = case.steps.get(verdict.retired).or(case.steps.last());
    let name = step.and_then(|step| step.row).map_or("(undefined)", |row| row.name);
    format!("{name} {} {}", if case.is_64 { 64 } else { 32 }, what.join(","))
}

/// What differs, from what, in which code.
pub(crate) fn of(seed: u64, case: &Case, found: &[String]) -> String {
    let bits = if case.is_64 { 64 } else { 32 };
    let steps = case.steps.iter().map(|step| {
        let bytes: Vec<String> = step.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("    {:30} {}", bytes.join(" "), step.row.map_or("(undefined)", |row| row.name))
    });
    let parts = case.state.parts().into_iter().filter(|(_, value)| value.bytes().any(|digit| digit != b'0'));
    let state = parts.map(|(name, value)| format!("{name}={value}"));
    format!(
        "seed {seed}, {bits}-bit code\n{}\n  {}\n  from {}",
        steps.collect::<Vec<_>>().join("\n"),
        found.join("\n  "),
        state.collect::<Vec<_>>().join(" ")
    )
}

/// A line a thing, `name value` in hexadecimal; an empty line ends the case.
pub(crate) fn replay(case: &Case) -> String {
    let mut lines = format!("bits {}\nimage {:x}\n", if case.is_64 { 64 } else { 32 }, case.image);
    for (name, value) in NAMES.iter().zip(case.state.gpr) {
        lines += &format!("{name} {value:x}\n");
    }
    lines += &format!("rip {:x}\nflags {:x}\n", case.state.rip, case.state.flags);
    lines += &format!("xstate {}\n", bytes_text(&case.state.x.0));
    for step in &case.steps {
        lines += &format!("code {}\n", bytes_text(&step.bytes));
    }
    lines + "\n"
}

fn bytes_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The cases that a file holds, or the line that is wrong. `forms` are those of 64-bit and of 32-bit code.
pub(crate) fn read(text: &str, forms: &[Forms; 2]) -> Result<Vec<Case>, String> {
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(|part| read_one(part, forms)).collect()
}

fn read_one(text: &str, forms: &[Forms; 2]) -> Result<Case, String> {
    let state = State { gpr: [0; 16], rip: 0, flags: 2, x: XState([0; XSTATE_BYTES]) };
    let mut case = Case { is_64: true, image: 0, steps: Vec::new(), state };
    for line in text.lines() {
        let wrong = || format!("not a line of a case: {line}");
        let (name, value) = line.split_once(' ').ok_or_else(wrong)?;
        let number = || u64::from_str_radix(value, 16).map_err(|_| wrong());
        let bytes = || -> Result<Vec<u8>, String> {
            let pairs = value.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or(""));
            pairs.map(|pair| u8::from_str_radix(pair, 16).map_err(|_| wrong())).collect()
        };
        match name {
            "bits" => case.is_64 = value == "64",
            "image" => case.image = number()?,
            "rip" => case.state.rip = number()?,
            "flags" => case.state.flags = number()?,
            "xstate" => case.state.x.0.copy_from_slice(bytes()?.get(..XSTATE_BYTES).ok_or_else(wrong)?),
            "code" => case.steps.push(step_of(bytes()?, &forms[usize::from(!case.is_64)], 0).ok_or_else(wrong)?),
            _ => {
                let register = NAMES.iter().position(|register| *register == name).ok_or_else(wrong)?;
                case.state.gpr[register] = number()?;
            }
        }
    }
    Ok(case)
}
