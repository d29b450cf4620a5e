//! Configuration files: the machine's options as TOML, one key an option.
//!
//! ```toml
//! cpu = "p6"
//! mem = "64M"
//! hda = "disk.img"     # paths begin at the file's folder
//! serial = ["stdio", "file:com2.txt"]
//! ```

use std::path::Path;

use clap::Args;

use crate::cli::options::MachineArgs;
use crate::nearest::hint;

/// The options in a configuration file at `path` with this text. The error says what and where, without the path.
pub(crate) fn parse(text: &str, path: &Path) -> Result<MachineArgs, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| located(text, &error))?;
    let known = keys();
    if let Some(key) = table.keys().find(|key| !known.contains(key)) {
        let near = hint(key, known.iter().map(String::as_str));
        let line = line_of(text, key).map(|line| format!("line {line}: ")).unwrap_or_default();
        return Err(format!("{line}there is no key '{key}'{near}"));
    }
    let mut options: MachineArgs = toml::from_str(text).map_err(|error| located(text, &error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for file in options.paths() {
        *file = folder.join(&file);
    }
    Ok(options)
}

/// The keys of a configuration file: the machine's long options but `config` itself.
fn keys() -> Vec<String> {
    let command = MachineArgs::augment_args(clap::Command::new("config"));
    let options = command.get_arguments().filter_map(|option| option.get_long());
    options.filter(|name| *name != "config").map(str::to_owned).collect()
}

fn located(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let message = error.message().trim_end();
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message.to_owned(),
    }
}

fn line_of(text: &str, key: &str) -> Option<usize> {
    let begins = |line: &str| line.trim_start().trim_start_matches(['"', '\'', '[']).starts_with(key);
    text.lines().position(begins).map(|line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn parsed(text: &str) -> Result<MachineArgs, String> {
        parse(text, Path::new("machines/pc.toml"))
    }

    #[test]
    fn options_are_keys() {
        let text =
            "cpu = \"p6\"\ntiming = 486\nmem = 67108864\nhda = \"disk.img\"\nserial = \"null\"\nno-reboot = true\n";
        let options = parsed(text).expect("a right file");
        assert_eq!(options.timing.as_deref(), Some("486"));
        assert_eq!(options.mem.as_deref(), Some("67108864"));
        assert_eq!(options.hda, Some(PathBuf::from("machines/disk.img")));
        assert_eq!(options.serial, ["null"]);
        assert!(options.no_reboot && options.config.is_none());
    }

    #[test]
    fn every_option_can_be_a_key() {
        for key in keys() {
            let accepted = ["\"1\"", "true"].iter().any(|value| parsed(&format!("{key} = {value}")).is_ok());
            assert!(accepted, "{key}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        assert_eq!(
            parsed("cpu = \"p6\"\nmemm = \"1M\"").expect_err("refused"),
            "line 2: there is no key 'memm'; did you mean 'mem'?"
        );
        assert!(parsed("config = \"x\"").expect_err("refused").contains("no key 'config'"));
        assert!(parsed("cpu = \"p6\"\nmem = [1]").expect_err("refused").starts_with("line 2: "));
        assert!(parsed("cpu = ").expect_err("refused").starts_with("line 1: "));
        assert!(parsed("no-reboot = \"yes\"").expect_err("refused").contains("boolean"));
    }

    #[test]
    fn what_is_given_wins_over_the_file() {
        let given = MachineArgs { mem: Some("1M".into()), ..MachineArgs::default() };
        let file =
            MachineArgs { mem: Some("2M".into()), cpu: Some("p6".into()), write: true, ..MachineArgs::default() };
        let joined = given.or(file);
        assert_eq!((joined.mem.as_deref(), joined.cpu.as_deref(), joined.write), (Some("1M"), Some("p6"), true));
    }
}
