//! BIOS calls made from inside: `roms/calls.img` is a boot program that makes the calls of a script and prints the
//! registers that came back. Here are the scripts, the media they stand on, and the answers.

use ringwalk::machine::{Machine, MachineConfig, Media, NoHost, RunLimits, Stop, Tuning, add_drive};
use ringwalk_chipset::BootDevice;

use crate::guest::{Image, serial};

/// The boot program; its script follows from byte 1024 on.
const PROGRAM: &[u8] = include_bytes!("../../roms/calls.img");
/// Bytes of a sector.
pub(crate) const SECTOR: usize = 512;

/// Operations of the program that are no interrupts.
const POKE: u8 = 0xF0;
const PEEK: u8 = 0xF1;
const SUM: u8 = 0xF2;
const FILL: u8 = 0xF3;
const TEXT: u8 = 0xF4;

/// Registers of a call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Call {
    pub(crate) ax: u16,
    pub(crate) bx: u16,
    pub(crate) cx: u16,
    pub(crate) dx: u16,
    pub(crate) si: u16,
    pub(crate) di: u16,
    pub(crate) es: u16,
}

/// SI that stands for the address of the row's own 16 bytes, for address packets.
pub(crate) const PACKET: u16 = 0xFFFF;

/// What the program does, row by row.
#[derive(Clone, Default)]
pub(crate) struct Script(Vec<u8>);

impl Script {
    fn row(mut self, operation: u8, call: Call, data: &[u8]) -> Script {
        let Call { ax, bx, cx, dx, si, di, es } = call;
        let mut row = vec![operation, 0];
        row.extend([ax, bx, cx, dx, si, di, es].iter().flat_map(|word| word.to_le_bytes()));
        row.extend(data);
        assert!(row.len() <= 32, "a row has 16 bytes of data");
        row.resize(32, 0);
        self.0.extend(row);
        self
    }

    /// An interrupt.
    pub(crate) fn int(self, number: u8, call: Call) -> Script {
        self.row(number, call, &[])
    }

    /// An interrupt with DS:SI at these bytes.
    pub(crate) fn int_with(self, number: u8, call: Call, data: &[u8]) -> Script {
        self.row(number, Call { si: PACKET, ..call }, data)
    }

    /// Writes bytes into memory.
    pub(crate) fn poke(self, es: u16, di: u16, data: &[u8]) -> Script {
        self.row(POKE, Call { es, di, cx: data.len() as u16, ..Call::default() }, data)
    }

    /// Prints bytes of memory.
    pub(crate) fn peek(self, es: u16, di: u16, cx: u16) -> Script {
        self.row(PEEK, Call { es, di, cx, ..Call::default() }, &[])
    }

    /// Prints the sum of sectors in memory, dword by dword.
    pub(crate) fn sum(self, es: u16, di: u16, sectors: u16) -> Script {
        self.row(SUM, Call { es, di, cx: sectors * 128, ..Call::default() }, &[])
    }

    /// Fills memory with a word.
    pub(crate) fn fill(self, es: u16, di: u16, word: u16, words: u16) -> Script {
        self.row(FILL, Call { es, di, ax: word, cx: words, ..Call::default() }, &[])
    }

    /// Prints a text.
    pub(crate) fn text(self, text: &str) -> Script {
        self.row(TEXT, Call::default(), text.as_bytes())
    }

    /// The program with this script, in whole sectors; `geometry`: sectors a track and heads to load the rest by.
    pub(crate) fn program(&self, geometry: Option<(u16, u16)>) -> Vec<u8> {
        let mut bytes = PROGRAM.to_vec();
        bytes.extend(&self.0);
        bytes.extend([0; 32]);
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        assert!(bytes.len() <= 48 << 10, "the program lies between 7C00h and the buffers at 20000h");
        let sectors = (bytes.len() / SECTOR) as u16;
        let (track, heads) = geometry.unwrap_or((0, 0));
        for (place, word) in [(4, sectors), (6, track), (8, heads)] {
            bytes[place..place + 2].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// The line of an interrupt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    pub(crate) ax: u16,
    pub(crate) bx: u16,
    pub(crate) cx: u16,
    pub(crate) dx: u16,
    pub(crate) di: u16,
    pub(crate) es: u16,
    pub(crate) carry: bool,
}

impl Answer {
    /// The status code.
    pub(crate) fn ah(&self) -> u8 {
        self.ax.to_be_bytes()[0]
    }

    /// Status code and carry.
    pub(crate) fn status(&self) -> (u8, bool) {
        (self.ah(), self.carry)
    }
}

/// What the program printed, to be taken line by line.
pub(crate) struct Lines(std::vec::IntoIter<String>);

impl Lines {
    /// The lines of what was said.
    pub(crate) fn of(said: &str) -> Lines {
        Lines(said.lines().map(str::to_owned).collect::<Vec<String>>().into_iter())
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        self.0.next().expect("the program has said more")
    }

    /// The next line, of an interrupt.
    pub(crate) fn answer(&mut self) -> Answer {
        let line = self.line();
        let words: Vec<u16> =
            line.split(' ').map(|word| u16::from_str_radix(word, 16).unwrap_or_else(|_| panic!("{line:?}"))).collect();
        let [_, ax, bx, cx, dx, _, di, es, carry] = words[..] else { panic!("{line:?} is no answer") };
        Answer { ax, bx, cx, dx, di, es, carry: carry != 0 }
    }

    /// The next line, of bytes.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        let line = self.line();
        let digits: Vec<char> = line.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hexadecimal");
        digits.chunks(2).map(byte).collect()
    }

    /// The next line, of a sum.
    pub(crate) fn number(&mut self) -> u32 {
        u32::from_str_radix(&self.line(), 16).expect("hexadecimal")
    }

    /// Nothing is left.
    pub(crate) fn end(mut self) {
        let rest: Vec<String> = self.0.by_ref().filter(|line| !line.is_empty()).collect();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

/// A machine to start: its drives and the order in which they boot.
pub(crate) struct Pc {
    pub(crate) config: MachineConfig,
    media: Media,
}

/// How a run ended, what COM1 sent, and what the screen showed.
pub(crate) struct Ran {
    pub(crate) stop: Stop,
    pub(crate) said: String,
    pub(crate) screen: String,
    pub(crate) machine: Machine,
}

impl Pc {
    /// A machine of 16 MiB without drives.
    pub(crate) fn new(boot: &[BootDevice]) -> Pc {
        let mut config = MachineConfig::default();
        config.board.ram_pages = (16 << 20) / 4096;
        config.board.vram_pages = (256 << 10) / 4096;
        config.board.boot = boot.to_vec();
        config.board.exit_port = true;
        Pc { config, media: Media::built_in() }
    }

    /// With an image in a drive, numbered as in `DRIVE_NAMES`.
    pub(crate) fn with(mut self, drive: usize, is_cd: bool, image: Vec<u8>) -> Pc {
        add_drive(&mut self.config.board, drive, image.len() as u64, is_cd);
        self.media = self.media.with_image(drive, Box::new(Image(image.into())));
        self
    }

    /// The machine at power-on.
    pub(crate) fn machine(self) -> Machine {
        Machine::new(self.config, self.media, Tuning::default()).expect("a machine can be made of this")
    }

    /// Runs it until the guest ends it, at most so many cycles.
    pub(crate) fn run(self, cycles: u64) -> Ran {
        ran(self.machine(), cycles)
    }

    /// The lines of a program that ends well.
    pub(crate) fn lines(self) -> Lines {
        let ran = self.run(20_000_000_000);
        assert_eq!(ran.stop, Stop::Exit(0), "{}\n{}", ran.said, ran.screen);
        Lines::of(&ran.said)
    }
}

/// Runs a machine until the guest ends it, at most so many cycles.
pub(crate) fn ran(mut machine: Machine, cycles: u64) -> Ran {
    let limits = RunLimits { position: Some(machine.position() + cycles), ..RunLimits::default() };
    let stop = machine.run(&limits, &mut NoHost);
    let said = serial(&mut machine);
    let screen = machine.board.screen(&machine.memory).map(|screen| screen.text()).unwrap_or_default();
    Ran { stop, said, screen, machine }
}

/// Bytes that tell where they are: every dword is different.
pub(crate) fn pattern(sectors: usize) -> Vec<u8> {
    (0..sectors as u32 * 128).flat_map(|dword| dword.wrapping_mul(0x9E37_79B1).to_le_bytes()).collect()
}

/// The sum that the program prints for these bytes.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    let dword = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    bytes.chunks_exact(4).map(dword).fold(0, u32::wrapping_add)
}
