//! The values of options: sizes, clocks, dates, names, places. Errors name the option and what it takes.

use std::time::Duration;

use ringwalk_chipset::{BootDevice, Date};
use ringwalk_cpu::model::{FEATURES, Feature, Features, Model};
use ringwalk_cpu::timing::Timing;
use ringwalk_mmu::TlbPolicy;

use crate::host::Place;
use crate::nearest::hint;

/// A count: decimal, `0x` for hexadecimal, `_` between digits.
pub(crate) fn count(option: &str, text: &str) -> Result<u64, String> {
    number(text).ok_or_else(|| format!("--{option} takes a number, not '{text}'"))
}

/// A size in bytes: a number, perhaps with K, M or G (powers of 1024).
pub(crate) fn size(option: &str, text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.strip_suffix("IB").or(upper.strip_suffix('B')).unwrap_or(&upper);
    scaled(digits, [("K", 10), ("M", 20), ("G", 30)].map(|(unit, bits)| (unit, 1 << bits)))
        .ok_or_else(|| format!("--{option} takes a size such as 64M or 2G, not '{text}'"))
}

/// A frequency in hertz: a number, perhaps with k, M or G (powers of 1000).
pub(crate) fn frequency(option: &str, text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.strip_suffix("HZ").unwrap_or(&upper);
    scaled(digits, [("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000)])
        .ok_or_else(|| format!("--{option} takes a frequency such as 33M or 100MHz, not '{text}'"))
}

fn scaled(text: &str, units: [(&str, u64); 3]) -> Option<u64> {
    let of_unit = |(unit, factor)| Some((text.strip_suffix(unit)?, factor));
    let (digits, factor) = units.into_iter().find_map(of_unit).unwrap_or((text, 1));
    number(digits.trim_end())?.checked_mul(factor)
}

fn number(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|digit| *digit != '_').collect();
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// Seconds of the host, with a fraction.
pub(crate) fn seconds(option: &str, text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("--{option} takes seconds such as 30 or 0.5, not '{text}'"))
}

/// A processor: a model by its name, and features more (`+x`) or less (`-x`) behind commas.
pub(crate) fn processor(text: &str) -> Result<(Model, Features), String> {
    let mut words = text.split(',');
    let model = model(words.next().unwrap_or_default())?;
    let mut features = model.features();
    for word in words {
        let (sign, name) = word.split_at_checked(1).unwrap_or(("", word));
        let feature = match sign {
            "+" | "-" => feature(name)?,
            _ => return Err(format!("--cpu takes features as +NAME or -NAME, not '{word}'")),
        };
        if sign == "-" {
            features = features.without(feature);
            continue;
        }
        if !feature.is_built() {
            return Err(format!("--cpu +{name}: this build cannot do it; leave it out"));
        }
        features = features.with(feature);
    }
    match features.lacking() {
        Some((feature, missing)) => {
            let (feature, missing) = (feature.info().name, missing.info().name);
            Err(format!(
                "--cpu {text}: '{feature}' needs '{missing}'; add +{missing}, or take '{feature}' out with -{feature}"
            ))
        }
        None => Ok((model, features)),
    }
}

fn feature(name: &str) -> Result<Feature, String> {
    let names = || FEATURES.iter().map(|info| info.name).filter(|name| !name.is_empty());
    let found = FEATURES.iter().find(|info| !name.is_empty() && info.name == name);
    found.map(|info| info.feature).ok_or_else(|| {
        let near = hint(name, names());
        format!(
            "there is no processor feature '{name}'{near} (--cpu takes features from {})",
            names().collect::<Vec<_>>().join(", ")
        )
    })
}

fn model(name: &str) -> Result<Model, String> {
    let names = Model::ALL.map(|(name, _)| name);
    let found = Model::ALL.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, model)| model).ok_or_else(|| {
        let near = hint(name, names);
        format!("there is no processor model '{name}'{near} (--cpu takes {})", names.join(", "))
    })
}

/// A TLB policy by its name.
pub(crate) fn tlb(text: &str) -> Result<TlbPolicy, String> {
    Ok(*choice("tlb", text, &[("real", TlbPolicy::Real), ("sticky", TlbPolicy::Sticky), ("none", TlbPolicy::None)])?)
}

/// A timing model by its name.
pub(crate) fn timing(text: &str) -> Result<Timing, String> {
    Ok(*choice("timing", text, &Timing::ALL)?)
}

/// One of a few words.
pub(crate) fn choice<'a, T>(option: &str, text: &str, choices: &'a [(&str, T)]) -> Result<&'a T, String> {
    let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| value);
    found.ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let near = hint(text, names.iter().copied());
        format!("--{option} takes {}, not '{text}'{near}", names.join(", "))
    })
}

/// A boot order.
pub(crate) fn boot(text: &str) -> Result<Vec<BootDevice>, String> {
    let device = |letter| match letter {
        'a' => Some(BootDevice::Floppy),
        'c' => Some(BootDevice::Disk),
        'd' => Some(BootDevice::Cdrom),
        _ => None,
    };
    let devices: Option<Vec<_>> = text.chars().filter(|letter| *letter != ',').map(device).collect();
    let devices = devices.filter(|devices| (1..=3).contains(&devices.len()));
    devices.ok_or_else(|| format!("--boot takes one to three of the letters a, c and d, not '{text}'"))
}

/// A date, perhaps with a time: `2026-01-31T23:59:58`.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    let wrong = || format!("--rtc takes a date such as 2026-01-31 or 2026-01-31T23:59:58, not '{text}'");
    let numbers = |text: &str, mark: char| -> Option<[u16; 3]> {
        let numbers: Result<Vec<u16>, _> = text.split(mark).map(str::parse).collect();
        numbers.ok()?.try_into().ok()
    };
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "0:0:0"));
    let ([year, month, day], [hour, minute, second]) = numbers(day, '-').zip(numbers(time, ':')).ok_or_else(wrong)?;
    let byte = |number: u16| u8::try_from(number).map_err(|_| wrong());
    Ok(Date {
        year,
        month: byte(month)?,
        day: byte(day)?,
        hour: byte(hour)?,
        minute: byte(minute)?,
        second: byte(second)?,
    })
}

/// Where a port leads.
pub(crate) fn place(option: &str, text: &str) -> Result<Place, String> {
    match text.split_once(':') {
        _ if text == "stdio" => Ok(Place::Stdio),
        _ if text == "null" => Ok(Place::Null),
        Some(("file", path)) if !path.is_empty() => Ok(Place::File(path.into())),
        Some(("tcp", address)) if !address.is_empty() && option == "serial" => Ok(Place::Tcp(address.to_owned())),
        _ => {
            let names = ["stdio", "null", "file", "tcp"];
            let known =
                if option == "serial" { "stdio, null, file:PATH or tcp:ADDR" } else { "stdio, null or file:PATH" };
            let near = hint(text.split(':').next().unwrap_or(text), names);
            Err(format!("--{option} takes {known}, not '{text}'{near}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_frequencies() {
        assert_eq!(size("mem", "128M"), Ok(128 << 20));
        assert_eq!(size("mem", "2gib"), Ok(2 << 30));
        assert_eq!(size("mem", "1_048_576"), Ok(1 << 20));
        assert_eq!(size("mem", "0x100K"), Ok(256 << 10));
        assert_eq!(frequency("clock", "33MHz"), Ok(33_000_000));
        assert_eq!(frequency("clock", "1_193_182"), Ok(1_193_182));
        for wrong in ["", "M", "12Q", "-1", "1.5G", "99999999999G"] {
            assert!(size("mem", wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("timeout", "0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("timeout", "-1").is_err() && seconds("timeout", "nan").is_err());
    }

    #[test]
    fn names_are_helped_along() {
        assert_eq!(processor("p6"), Ok((Model::P6, Model::P6.features())));
        assert_eq!(processor("p6,-cmov,+cmov"), processor("p6"));
        let refusal = |text: &str| processor(text).expect_err("refused");
        assert!(refusal("pentum").contains("did you mean 'pentium'?"));
        assert!(refusal("hasswell").contains("did you mean 'haswell'?"));
        assert!(refusal("p6,+cmv").contains("did you mean 'cmov'?"));
        assert!(refusal("p6,cmov").contains("+NAME or -NAME"));
        assert!(refusal("p6,").contains("+NAME or -NAME"));
        assert!(refusal("p6,+svm").contains("this build cannot do it"));
        assert!(refusal("p6,-pse").contains("'pse36' needs 'pse'"));
        assert_eq!(timing("486"), Ok(Timing::I486));
        assert!(timing("penitum").expect_err("refused").contains("did you mean 'pentium'?"));
        assert_eq!(tlb("sticky"), Ok(TlbPolicy::Sticky));
        assert!(tlb("stiky").expect_err("refused").contains("did you mean 'sticky'?"));
    }

    #[test]
    fn dates_boot_orders_and_places() {
        let date_of = |text| date(text).map(|date| (date.year, date.month, date.day, date.hour, date.second));
        assert_eq!(date_of("1999-12-31T23:59:58"), Ok((1999, 12, 31, 23, 58)));
        assert_eq!(date_of("1999-12-31"), Ok((1999, 12, 31, 0, 0)));
        for wrong in ["1999", "1999-12", "x-1-1", "1999-12-31T1:2", "1999-256-1"] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
        assert_eq!(boot("dc"), Ok(vec![BootDevice::Cdrom, BootDevice::Disk]));
        assert!(boot("").is_err() && boot("x").is_err() && boot("acda").is_err());
        assert_eq!(place("serial", "tcp:localhost:4444"), Ok(Place::Tcp("localhost:4444".into())));
        assert_eq!(place("debugcon", "file:a:b"), Ok(Place::File("a:b".into())));
        assert!(place("debugcon", "tcp:x:1").is_err());
        assert!(place("serial", "stdoi").expect_err("refused").contains("did you mean 'stdio'?"));
    }
}
