//! Recipes: what a run was made of and what it must come to, as TOML that people can read.
//!
//! ```toml
//! version = 1
//! image = "disk.img"                  # paths begin at the file's folder
//! script = "when serial \"login:\" : serial \"root\\n\"\n"
//! arrivals = ["8000000 0100..."]      # what came in from outside: position, encoded input
//! [machine]
//! mem = "64M"
//! [media]                             # what the machine was given, by hash
//! bios = "6b1f..."
//! hda = "1048576 9c22..."
//! [stop]
//! position = 120000000
//! why = "--until-serial met"
//! [expect]
//! hash = "e3b0..."
//! retired = 118123456
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::options::MachineArgs;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;
/// Longest recipe that is read: what comes in from outside makes it grow.
const MOST_BYTES: u64 = 64 << 20;

/// A recipe.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    version: u32,
    /// The image of the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<PathBuf>,
    /// The input script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) script: Option<String>,
    /// What else came in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) arrivals: Vec<String>,
    /// The machine's options.
    #[serde(default)]
    pub(crate) machine: toml::Table,
    /// What the machine was given, by name.
    pub(crate) media: BTreeMap<String, String>,
    /// Where the run ended.
    pub(crate) stop: StopAt,
    /// What it came to.
    pub(crate) expect: Expect,
}

/// Where a run ended.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopAt {
    /// The position.
    pub(crate) position: u64,
    /// Why, in words.
    pub(crate) why: String,
}

/// What a run came to.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The state hash.
    pub(crate) hash: String,
    /// Retired instructions.
    pub(crate) retired: u64,
}

impl Recipe {
    /// A recipe of the present version.
    pub(crate) fn new(machine: toml::Table, media: BTreeMap<String, String>, stop: StopAt, expect: Expect) -> Recipe {
        Recipe { version: VERSION, image: None, script: None, arrivals: Vec::new(), machine, media, stop, expect }
    }

    /// Reads a recipe. The error names the file and the place.
    pub(crate) fn read(path: &Path) -> Result<Recipe, String> {
        let name = path.display();
        let cannot = |error: std::io::Error| format!("{name}: the recipe cannot be read: {error}");
        let size = std::fs::metadata(path).map_err(cannot)?.len();
        if size > MOST_BYTES {
            return Err(format!("{name}: {size} bytes are more than any recipe has"));
        }
        let bytes = std::fs::read(path).map_err(cannot)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| format!("{name}: byte {} is no text", error.utf8_error().valid_up_to()))?;
        Recipe::parse(&text).map_err(|problem| format!("{name}: {problem}"))
    }

    pub(crate) fn parse(text: &str) -> Result<Recipe, String> {
        let recipe: Recipe = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            format!("{place}{}", error.message().trim_end())
        })?;
        if recipe.version != VERSION {
            return Err(format!("version {} is not known, only {VERSION}", recipe.version));
        }
        Ok(recipe)
    }

    /// Its text.
    pub(crate) fn to_text(&self) -> Result<String, String> {
        let head =
            "# What a run was made of and what it came to. `ringwalk repro check FILE` makes it again and compares.\n";
        let body = toml::to_string(self).map_err(|error| format!("the recipe cannot be written: {error}"))?;
        Ok(format!("{head}{body}"))
    }

    /// The machine's options, with paths taken from the recipe's folder.
    pub(crate) fn options(&self, path: &Path) -> Result<MachineArgs, String> {
        let text = toml::to_string(&self.machine).map_err(|error| error.to_string())?;
        crate::config::parse(&text, path).map_err(|problem| format!("{}: [machine]: {problem}", path.display()))
    }

    /// The image, taken from the recipe's folder.
    pub(crate) fn image(&self, path: &Path) -> Option<PathBuf> {
        self.image.as_ref().map(|image| path.parent().unwrap_or(Path::new("")).join(image))
    }

    /// What came in: position and encoded arrival.
    pub(crate) fn arrivals(&self) -> Result<Vec<(u64, Vec<u8>)>, String> {
        let mut arrivals: Vec<(u64, Vec<u8>)> = Vec::new();
        for (number, text) in self.arrivals.iter().enumerate() {
            let broken = || format!("arrival {} is not a position and hexadecimal digits", number + 1);
            let (position, digits) = text.split_once(' ').ok_or_else(broken)?;
            let position: u64 = position.parse().map_err(|_| broken())?;
            if arrivals.last().is_some_and(|(last, _)| *last > position) {
                return Err(format!("arrival {} comes before the one before it", number + 1));
            }
            arrivals.push((position, from_hex(digits).ok_or_else(broken)?));
        }
        Ok(arrivals)
    }

    /// Notes what came in.
    pub(crate) fn set_arrivals(&mut self, arrivals: &[(u64, Vec<u8>)]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.arrivals = arrivals.iter().map(|(position, bytes)| format!("{position} {}", hex(bytes))).collect();
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        let mut recipe = Recipe::new(
            "mem = \"4M\"".parse().expect("TOML"),
            BTreeMap::from([("bios".to_owned(), "12".to_owned())]),
            StopAt { position: 77, why: "position".to_owned() },
            Expect { hash: "ab".to_owned(), retired: 70 },
        );
        recipe.image = Some("disk.img".into());
        recipe.script = Some("at 5 type \"a\\n\"".to_owned());
        recipe.set_arrivals(&[(5, vec![0, 255]), (5, vec![])]);
        recipe
    }

    #[test]
    fn a_recipe_reads_as_it_was_written() {
        let text = recipe().to_text().expect("writes");
        assert_eq!(Recipe::parse(&text), Ok(recipe()));
        assert_eq!(recipe().arrivals(), Ok(vec![(5, vec![0, 255]), (5, vec![])]));
        assert_eq!(recipe().image(Path::new("runs/a.toml")), Some("runs/disk.img".into()));
    }

    #[test]
    fn what_is_no_recipe_is_refused_with_its_place() {
        let text = recipe().to_text().expect("writes");
        for end in 0..text.len() {
            // A recipe that is cut short lacks its last part, or is no TOML.
            assert!(Recipe::parse(&text[..end]).is_err() || text[end..].trim().len() < 3, "cut at {end}");
        }
        for (from, to, words) in [
            ("version = 1", "version = 2", "version 2"),
            ("position = 77", "position = -1", "line"),
            ("[expect]", "[expects]", "expects"),
            ("why", "wherefore", "wherefore"),
        ] {
            let error = Recipe::parse(&text.replace(from, to)).expect_err("not a recipe");
            assert!(error.contains(words), "{error}");
        }
        for arrival in ["", "5", "5 0", "5 0g", "x 00", "-1 00", "5 äa"] {
            let broken = Recipe { arrivals: vec![arrival.to_owned()], ..recipe() };
            assert!(broken.arrivals().is_err(), "{arrival}");
        }
        let unsorted = Recipe { arrivals: vec!["6 00".into(), "5 00".into()], ..recipe() };
        assert!(unsorted.arrivals().is_err());
    }
}
