//! The built program as a process: images made here, options, what it prints, its status.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::bytes_of;

/// No run of these tests takes longer, however slow the host.
const MOST: Duration = Duration::from_secs(60);

/// Where [`boot_sector`] puts the guest's text.
const TEXT: usize = 0x100;
/// Where it puts the word that port 8900h waits for.
const SHUTDOWN: usize = 0x1A0;

/// Segments and direction as every guest here wants them.
const BEGIN: &str = "\
31 C0       ; xor ax, ax
8E D8       ; mov ds, ax
8E C0       ; mov es, ax
FC          ; cld
";

/// Sends the text to COM1, byte by byte as the line takes it.
pub(crate) const SAY: &str = "\
BE 00 7D    ; mov si, 7D00h
AC          ; lodsb
84 C0       ; test al, al
74 11       ; je behind
88 C4       ; mov ah, al
BA FD 03    ; mov dx, 3FDh
EC          ; in al, dx
A8 20       ; test al, 20h
74 FB       ; je back to IN
B2 F8       ; mov dl, 0F8h
88 E0       ; mov al, ah
EE          ; out dx, al
EB EA       ; jmp back to LODSB
";

/// Writes the word Shutdown to port 8900h.
pub(crate) const POWER_OFF: &str = "\
31 C0       ; xor ax, ax
8E D8       ; mov ds, ax
BE A0 7D    ; mov si, 7DA0h
B9 08 00    ; mov cx, 8
BA 00 89    ; mov dx, 8900h
F3 6E       ; rep outsb
FA          ; cli
F4          ; hlt
";

/// Prints the text with INT 10h, AH = 0Eh, and spins.
pub(crate) const PRINT: &str = "\
BE 00 7D    ; mov si, 7D00h
AC          ; lodsb
84 C0       ; test al, al
74 06       ; je behind
B4 0E       ; mov ah, 0Eh
CD 10       ; int 10h
EB F5       ; jmp back to LODSB
EB FE       ; jmp to itself
";

/// A boot sector of listings, with a text.
pub(crate) fn boot_sector(listings: &[&str], text: &str) -> Vec<u8> {
    let code = bytes_of(16, &(BEGIN.to_owned() + &listings.concat()));
    assert!(code.len() <= TEXT && text.len() < SHUTDOWN - TEXT, "a boot sector has no room for more");
    let mut sector = vec![0; 512];
    sector[..code.len()].copy_from_slice(&code);
    sector[TEXT..TEXT + text.len()].copy_from_slice(text.as_bytes());
    sector[SHUTDOWN..SHUTDOWN + 8].copy_from_slice(b"Shutdown");
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    sector
}

/// Bytes with zeros behind them.
pub(crate) fn filled(mut bytes: Vec<u8>, len: usize) -> Vec<u8> {
    bytes.resize(len, 0);
    bytes
}

/// What became of a process.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// Fails unless it ended with this status and said all of these on standard error, in one line each.
    #[track_caller]
    pub(crate) fn must(&self, name: &str, status: i32, said: &[&str]) {
        assert!(!self.err.contains("panicked") && self.status == Some(status), "{name}: not {status}: {self:#?}");
        for text in said {
            assert!(self.err.contains(text), "{name}: {text:?} is missing: {self:#?}");
        }
    }
}

/// A folder of images, in which the program runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a file into it.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> &Folder {
        fs::write(self.path(name), bytes).expect("a file can be written");
        self
    }

    /// The bytes of a file in it.
    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the program with arguments, parted by blanks; `_` in one stands for a blank. Standard input is at its end.
    pub(crate) fn ringwalk(&self, arguments: &str) -> Outcome {
        self.ringwalk_fed(arguments, &[])
    }

    /// The same with something on standard input.
    pub(crate) fn ringwalk_fed(&self, arguments: &str, input: &[u8]) -> Outcome {
        // Files instead of pipes: nobody need read while it runs.
        let place = tempfile::tempdir().expect("a temporary folder");
        let [stdin, stdout, stderr] = ["in", "out", "err"].map(|name| place.path().join(name));
        fs::write(&stdin, input).expect("a file can be written");
        let create = |path: &PathBuf| Stdio::from(File::create(path).expect("a file can be made"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_ringwalk"))
            .args(arguments.split_whitespace().map(|argument| argument.replace('_', " ")))
            .current_dir(self.0.path())
            .stdin(File::open(&stdin).expect("it was just written"))
            .stdout(create(&stdout))
            .stderr(create(&stderr))
            .spawn()
            .expect("the program starts");
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                break status.code();
            }
            if begin.elapsed() > MOST {
                child.kill().expect("it can be ended");
                panic!("ringwalk {arguments} does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |path| String::from_utf8_lossy(&fs::read(path).expect("it was written")).into_owned();
        Outcome { status, out: text(stdout), err: text(stderr) }
    }
}
