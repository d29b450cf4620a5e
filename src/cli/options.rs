//! The options of the command line. The machine's own are the keys of a configuration file, too.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};

/// What the machine is made of, and where its ports lead.
#[derive(Args, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Machine")]
pub(crate) struct MachineArgs {
    /// A file with machine options, one `key = value` a line; options given here win
    #[arg(long, value_name = "FILE.toml")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// Processor model: 386, 486, pentium, p6, max; features more or less behind it, as in p6,-cmov
    #[arg(long, value_name = "MODEL[,+FEATURE,-FEATURE]")]
    pub(crate) cpu: Option<String>,
    /// Number of processors
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "word")]
    pub(crate) smp: Option<String>,
    /// Main memory, as in 64M or 2G [default: 128M]
    #[arg(long, value_name = "SIZE")]
    #[serde(deserialize_with = "word")]
    pub(crate) mem: Option<String>,
    /// The machine's clock, as in 33M [default: 100M]
    #[arg(long, value_name = "HZ")]
    #[serde(deserialize_with = "word")]
    pub(crate) clock: Option<String>,
    /// What instructions cost: flat (one cycle each), 486 or pentium (the clock counts of its manual, with operands and
    /// code in the cache and nothing paired in the U and V pipes) [default: flat]
    #[arg(long, value_name = "MODEL")]
    #[serde(deserialize_with = "word")]
    pub(crate) timing: Option<String>,
    /// Seed of everything random [default: 0]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "word")]
    pub(crate) seed: Option<String>,
    /// Cycles that a processor runs before the next one has its turn
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "word")]
    pub(crate) quantum: Option<String>,
    /// Where the real-time clock starts [default: 2026-01-01T00:00:00]
    #[arg(long, value_name = "DATE")]
    pub(crate) rtc: Option<String>,
    /// Memory order: sc or tso
    #[arg(long, value_name = "ORDER")]
    pub(crate) order: Option<String>,
    /// How long translations are kept: real, sticky or none [default: real]
    #[arg(long, value_name = "POLICY")]
    pub(crate) tlb: Option<String>,
    /// Do not run faster than the machine's own clock
    #[arg(long)]
    pub(crate) realtime: bool,
    /// First floppy disk image
    #[arg(long, value_name = "FILE")]
    pub(crate) fda: Option<PathBuf>,
    /// Second floppy disk image
    #[arg(long, value_name = "FILE")]
    pub(crate) fdb: Option<PathBuf>,
    /// Hard disk image: primary master
    #[arg(long, value_name = "FILE")]
    pub(crate) hda: Option<PathBuf>,
    /// Hard disk image: primary slave
    #[arg(long, value_name = "FILE")]
    pub(crate) hdb: Option<PathBuf>,
    /// Hard disk image: secondary master
    #[arg(long, value_name = "FILE")]
    pub(crate) hdc: Option<PathBuf>,
    /// Hard disk image: secondary slave
    #[arg(long, value_name = "FILE")]
    pub(crate) hdd: Option<PathBuf>,
    /// CD image
    #[arg(long, value_name = "FILE")]
    pub(crate) cdrom: Option<PathBuf>,
    /// Boot order: letters a (floppy), c (disk), d (CD)
    #[arg(long, value_name = "ORDER")]
    pub(crate) boot: Option<String>,
    /// System BIOS image instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) bios: Option<PathBuf>,
    /// Video BIOS image instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) vgabios: Option<PathBuf>,
    /// Write to the images themselves instead of an overlay in memory
    #[arg(long)]
    pub(crate) write: bool,
    /// Kernel to start without a disk: a Linux bzImage, a Multiboot 1 or 2 kernel, an ELF file with a PVH entry
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: Option<PathBuf>,
    /// Initial RAM disk for --kernel; several are joined, or are modules, each perhaps with arguments: "FILE ARGS"
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_delimiter = ',')]
    #[serde(deserialize_with = "one_or_many_paths")]
    pub(crate) initrd: Vec<PathBuf>,
    /// Command line for --kernel
    #[arg(long, value_name = "TEXT")]
    pub(crate) append: Option<String>,
    /// Where COM1 leads: stdio, null, file:PATH or tcp:ADDR; again for COM2
    #[arg(long, value_name = "WHERE", action = ArgAction::Append)]
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) serial: Vec<String>,
    /// Where port E9 leads: stdio, null or file:PATH
    #[arg(long, value_name = "WHERE")]
    pub(crate) debugcon: Option<String>,
    /// The guest's screen: text or none [default: text on a terminal]
    #[arg(long, value_name = "KIND")]
    pub(crate) display: Option<String>,
    /// A script of what to type, and when
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Go on from a snapshot
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    /// With --restore: read and check each page of memory when the machine first needs it, not before it goes on
    #[arg(long)]
    pub(crate) lazy: bool,
    /// End the run when the guest resets the machine
    #[arg(long)]
    pub(crate) no_reboot: bool,
    /// A triple fault resets the machine instead of ending the run
    #[arg(long)]
    pub(crate) reset_on_shutdown: bool,
    /// Memory for the history of the run
    #[arg(long, value_name = "SIZE")]
    #[serde(deserialize_with = "word")]
    pub(crate) history: Option<String>,
    /// With a history: move what memory has no room for to this new file, instead of thinning it out
    #[arg(long, value_name = "FILE")]
    pub(crate) history_file: Option<PathBuf>,
    /// Run every instruction both ways and compare
    #[arg(long)]
    pub(crate) verify_fast: bool,
    /// Tell where the time went
    #[arg(long)]
    pub(crate) profile: bool,
    /// Writing port F4 ends the run with a status
    #[arg(long)]
    pub(crate) exit_device: bool,
}

/// When the run ends.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Stop")]
pub(crate) struct StopArgs {
    /// Stop after so many instructions of this run
    #[arg(long, value_name = "N")]
    pub(crate) max_insns: Option<String>,
    /// Stop when COM1 has sent the text
    #[arg(long, value_name = "TEXT")]
    pub(crate) until_serial: Option<String>,
    /// Stop when the text screen shows the text in one row
    #[arg(long, value_name = "TEXT")]
    pub(crate) until_screen: Option<String>,
    /// Stop after so many seconds of the host
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<String>,
    /// Save the machine at the stop
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// With --save: keep only what differs from this snapshot, which must lie beside the new one when that is used
    #[arg(long, value_name = "FILE", requires = "save")]
    pub(crate) save_on: Option<PathBuf>,
}

/// What is told at the end.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutArgs {
    /// Figures of the run as the last line of stderr: json
    #[arg(long, value_name = "FORMAT")]
    pub(crate) stats: Option<String>,
    /// Write the screen at the stop
    #[arg(long, value_name = "FILE.png")]
    pub(crate) screenshot: Option<PathBuf>,
}

impl MachineArgs {
    /// The same with the file's value where none was given.
    pub(crate) fn or(self, file: MachineArgs) -> MachineArgs {
        let MachineArgs { config, serial, initrd, .. } = self.clone();
        macro_rules! join {
            (options: $($option:ident)*; flags: $($flag:ident)*) => {
                MachineArgs {
                    config,
                    initrd: if initrd.is_empty() { file.initrd } else { initrd },
                    serial: if serial.is_empty() { file.serial } else { serial },
                    $($option: self.$option.or(file.$option),)*
                    $($flag: self.$flag || file.$flag,)*
                }
            };
        }
        join! {
            options: cpu smp mem clock timing seed quantum rtc order tlb fda fdb hda hdb hdc hdd cdrom boot bios
                vgabios kernel append debugcon display input restore history history_file;
            flags: realtime lazy write no_reboot reset_on_shutdown verify_fast profile exit_device
        }
    }

    /// Every path in it, to be taken from the folder of the file that names it.
    pub(crate) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let MachineArgs {
            fda,
            fdb,
            hda,
            hdb,
            hdc,
            hdd,
            cdrom,
            bios,
            vgabios,
            kernel,
            initrd,
            input,
            restore,
            history_file,
            ..
        } = self;
        let paths = [fda, fdb, hda, hdb, hdc, hdd, cdrom, bios, vgabios, kernel, input, restore, history_file];
        paths.into_iter().flatten().chain(initrd)
    }
}

/// A text, or a number written without quotes.
fn word<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a number")]
    enum Word {
        Number(u64),
        Text(String),
    }
    Ok(Some(match Word::deserialize(deserializer)? {
        Word::Number(number) => number.to_string(),
        Word::Text(text) => text,
    }))
}

/// A path, or a list of them.
fn one_or_many_paths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(one_or_many(deserializer)?.into_iter().map(PathBuf::from).collect())
}

/// A text, or a list of them.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum Many {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Many::deserialize(deserializer)? {
        Many::One(one) => vec![one],
        Many::Many(many) => many,
    })
}
