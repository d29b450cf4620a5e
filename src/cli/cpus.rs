//! `ringwalk cpus`: the table of processor models, each with what differs from the one that it is described by.

use std::io::{self, Write};

use ringwalk_cpu::model::{FEATURES, Feature, Features, Model};

/// Columns of a line.
const WIDTH: usize = 100;
/// Columns before the features.
const INDENT: usize = 11;

/// Prints the table; answers with the program's status.
pub(crate) fn cpus() -> Result<u8, String> {
    let text: String = Model::ALL.iter().map(|(_, model)| about(*model)).collect();
    // A reader that has seen enough is no trouble.
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(0),
    }
}

/// A model: its chip, then what it has more (+) and less (-), then what this build cannot do of it.
fn about(model: Model) -> String {
    let info = model.info();
    let has = model.features();
    let before = info.before.map_or(Features::default(), Model::features);
    let (family, number, stepping) = split(info.signature);
    let mut text = format!(
        "{:<10} {:<26} family {family:X}h model {number:X}h stepping {stepping:X}h, {} address bits\n",
        info.name, info.chip, info.physical_bits
    );
    let like = info.before.map_or(String::new(), |before| format!("like {}", before.name()));
    let more = names(has.iter().filter(|feature| !before.has(*feature)), "+");
    let less = names(before.iter().filter(|feature| !has.has(*feature)), "-");
    push_words(&mut text, [like].into_iter().chain(more).chain(less));
    let missing: Vec<String> = names(info.chip_has.iter().filter(|feature| !has.has(*feature)), "").collect();
    if !missing.is_empty() {
        push_words(&mut text, ["(not in this build:".to_string()].into_iter().chain(missing).chain([")".to_string()]));
    }
    text
}

/// Names of features that have one.
fn names(features: impl Iterator<Item = Feature>, sign: &'static str) -> impl Iterator<Item = String> {
    let named = features.map(|feature| FEATURES[feature as usize].name).filter(|name| !name.is_empty());
    named.map(move |name| format!("{sign}{name}"))
}

/// Family, model and stepping with their extensions. SDM Vol.2A "CPUID", Figure 3-6.
const fn split(signature: u32) -> (u32, u32, u32) {
    let family = signature >> 8 & 0xF;
    let number = signature >> 4 & 0xF;
    let extended = if family == 6 || family == 15 { signature >> 16 & 0xF } else { 0 };
    let family = if family == 15 { family + (signature >> 20 & 0xFF) } else { family };
    (family, extended << 4 | number, signature & 0xF)
}

/// Words in lines under each other, set in.
fn push_words(text: &mut String, words: impl Iterator<Item = String>) {
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() && INDENT + line.len() + 1 + word.len() > WIDTH {
            push_line(text, &line);
            line.clear();
        }
        if !line.is_empty() && word != ")" {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        push_line(text, &line);
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(&" ".repeat(INDENT));
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_told_in_lines_that_fit() {
        for (name, model) in Model::ALL {
            let text = about(model);
            assert!(text.starts_with(name) && text.ends_with('\n'), "{text}");
            assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        }
        assert!(about(Model::Pentium).contains("like 486 +vme"), "{}", about(Model::Pentium));
        assert!(about(Model::K8F).contains("family Fh model 4Fh stepping 2h"), "{}", about(Model::K8F));
        assert!(about(Model::Zen).contains("family 17h model 1h stepping 1h"), "{}", about(Model::Zen));
    }
}
