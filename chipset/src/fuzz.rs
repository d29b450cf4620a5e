//! Random accesses to the whole board, driven by the ranges that its devices declare, with DMA, input from outside and
//! the passing of time between them: nothing panics and no access takes long, equal input gives equal boards, a saved
//! board goes on equal, and a forged one is survived.
//!
//! `RINGWALK_DEVICE_FUZZ=10000000 cargo test -p ringwalk-chipset random_accesses` makes so many accesses.

use ringwalk_mmu::{Bus, BusCx, PhysAddr, Size};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::Board;
use crate::config::{DiskConfig, FloppyConfig};
use crate::device::{Range, Space};
use crate::devices::Devices;
use crate::keys::Key;
use crate::mouse::MouseMove;
use crate::test_pc::{Pc, US};

const SIZES: [Size; 4] = [Size::Byte, Size::Word, Size::Dword, Size::Qword];

/// What a saved value looks like.
pub(crate) fn save<T: Serialize>(value: &T) -> Vec<u8> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).expect("plain data can be saved")
}

fn load<T: DeserializeOwned>(bytes: &[u8]) -> T {
    let (value, used) = bincode::serde::decode_from_slice(bytes, bincode::config::standard()).expect("it was saved");
    assert_eq!(used, bytes.len());
    value
}

/// xorshift64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    fn size(&mut self) -> Size {
        SIZES[self.below(4) as usize]
    }
}

/// A board with disks, its PCI functions switched on and placed.
pub(crate) fn pc() -> Pc {
    let disk = Some(DiskConfig::with_sectors(3000));
    let floppy = Some(FloppyConfig { sectors: 2880, write_protected: false });
    let mut pc = Pc::with_media([disk, disk, Some(DiskConfig::cdrom(3000)), None], [floppy, None]);
    switch_on(&mut pc);
    pc
}

/// Places the PCI functions and starts what a reset stops, as firmware does.
fn switch_on(pc: &mut Pc) {
    let functions = ranges(&pc.board).into_iter().filter(|range| range.space == Space::Config);
    for range in functions {
        let bars = [(0x10, 0xE000_0000), (0x18, 0xE100_0000), (0x20, 0xC001), (0x40, 0x8000_8000), (4, 7)];
        let power = [(0x80, 0x01), (0x90, 0x9001), (0xD0, 0x0009_0000)];
        for (offset, value) in bars.into_iter().chain(power) {
            pc.port_out(0xCF8, Size::Dword, 0x8000_0000 | range.base as u32 | offset);
            pc.port_out(0xCFC, Size::Dword, value);
        }
    }
    for (port, value) in [(0xD6, 0xC0), (0xD4, 0x00), (0x3F2, 0x1C), (0x64, 0xA8), (0x64, 0xAE)] {
        pc.outb(port, value);
    }
}

pub(crate) fn ranges(board: &Board) -> Vec<Range> {
    Devices::numbers().filter_map(|number| board.devices.get(number)).flat_map(|device| device.ranges().0).collect()
}

/// Something that comes in from outside.
pub(crate) fn bring_in(pc: &mut Pc, random: &mut Random) {
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    let [a, b, c, ..] = random.next().to_le_bytes();
    match random.below(4) {
        0 => drop(pc.board.type_keys(&[(Key::A, a & 1 == 0), (Key::Enter, b & 1 == 0)], &mut cx)),
        1 => drop(pc.board.serial_input(a & 1, &[b, c], &mut cx)),
        2 => {
            let [dx, dy] = [a, b].map(|count| i16::from(count.cast_signed()) * 3);
            let step = MouseMove { dx, dy, wheel: c.cast_signed(), buttons: c & 0x1F };
            pc.board.move_mouse(&[step, MouseMove::default()], &mut cx);
        }
        _ => pc.board.press_power_button(&mut cx),
    }
}

/// Programs a DMA channel at random, and unmasks it.
fn program_dma(pc: &mut Pc, random: &mut Random) {
    let [channel, mode, low, high, count, page, ..] = random.next().to_le_bytes();
    let channel = channel & 7;
    let port = |register: u16| if channel < 4 { register } else { 0xC0 + 2 * register };
    let number = u16::from(channel & 3);
    for (register, value) in [
        (12, 0),
        (11, mode & !3 | channel & 3),
        (2 * number, low),
        (2 * number, high),
        (2 * number + 1, count),
        (2 * number + 1, 0),
        (9, if mode & 2 != 0 { 4 } else { 0 } | channel & 3),
        (10, channel & 3),
    ] {
        pc.outb(port(register), value);
    }
    pc.outb(0x81 + u16::from(page & 7), page >> 4);
}

/// One random access, mostly to a declared range, and the passing of some time.
pub(crate) fn step(pc: &mut Pc, ranges: &[Range], random: &mut Random) {
    let range = ranges[random.below(ranges.len() as u64) as usize];
    let (size, value) = (random.size(), random.next());
    let at = range.base + random.below(range.len.max(1) + 3);
    let writes = random.below(2) == 0;
    match (range.space, writes) {
        (Space::Port, true) => pc.port_out(at as u16, size, value as u32),
        (Space::Port, false) => {
            pc.port_in(at as u16, size);
        }
        (Space::Config, _) => {
            pc.port_out(0xCF8, Size::Dword, 0x8000_0000 | at as u32);
            pc.port_out(0xCFC | at as u16 & 3, size, value as u32);
            pc.port_in(0xCFC, Size::Dword);
        }
        (_, true) => pc.store(at, size, value),
        (_, false) => {
            pc.load(at, size);
        }
    }
    pass_time(pc, random);
    assert_eq!(pc.board.due(), pc.board.find_due(), "what was remembered still holds");
}

fn pass_time(pc: &mut Pc, random: &mut Random) {
    match random.below(2000) {
        0 => pc.run(random.below(1000 * US)),
        1 => pc.board.reset(),
        215..218 => switch_on(pc),
        2..100 => pc.run(random.below(20 * US)),
        200..210 => bring_in(pc, random),
        210..214 => program_dma(pc, random),
        214 => pc.now.0 = pc.now.0.saturating_add(random.below(10_000_000 * US)),
        100..200 => {
            if pc.board.signals().interrupt {
                pc.access(|board, cx| board.acknowledge_interrupt(cx));
            }
        }
        _ => pc.now.0 = pc.now.0.saturating_add(random.below(US)),
    }
}

/// Everything that looks without touching.
fn look(pc: &Pc) {
    for name in pc.board.device_names() {
        assert!(pc.board.show(name).is_some_and(|view| !view.rows.is_empty()), "{name}");
    }
    let _ = (pc.board.due(), pc.board.screen(&pc.memory), pc.board.render(&pc.memory));
    let spans = pc.board.physical_map(&pc.memory);
    assert!(spans.len() < 64, "{} spans", spans.len());
    for (name, bytes) in pc.board.devices.saved_bytes() {
        assert!(bytes < 64 << 10, "{name} takes {bytes} bytes");
    }
}

#[test]
fn every_port_can_be_read_and_written_at_every_size() {
    let mut pc = pc();
    let ranges = ranges(&pc.board);
    for size in SIZES {
        for port in 0..=0xFFFF {
            let (first, last) = (u64::from(port), u64::from(port) + size.bytes() - 1);
            let claimed = ranges
                .iter()
                .any(|range| range.space == Space::Port && first < range.base + range.len && last >= range.base);
            let value = pc.port_in(port, size);
            if !claimed {
                assert_eq!(u64::from(value), size.ones() & 0xFFFF_FFFF, "port {port:X}h is open");
            }
            pc.port_out(port, size, u32::MAX);
        }
    }
    look(&pc);
}

/// The longest that one access may take the host. Real ones take microseconds.
const MOST_SECONDS: u64 = 5;

#[test]
fn random_accesses_are_survived() {
    let accesses = std::env::var("RINGWALK_DEVICE_FUZZ").ok().and_then(|text| text.parse().ok());
    let mut pc = pc();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut declared = ranges(&pc.board);
    for round in 0..accesses.unwrap_or(1_000_000) {
        let begin = std::time::Instant::now();
        step(&mut pc, &declared, &mut random);
        assert!(begin.elapsed().as_secs() < MOST_SECONDS, "access {round} takes long");
        if round % 10_000 == 0 {
            look(&pc);
            pc.board.take_output();
            declared.extend(ranges(&pc.board).into_iter().filter(|range| range.space == Space::Port));
            declared.truncate(200);
        }
    }
}

#[test]
fn a_saved_board_is_equal_and_goes_on_equal() {
    let (mut first, mut random) = (pc(), Random(42));
    let declared = ranges(&first.board);
    for _ in 0..20 {
        let mut second = pc();
        second.memory = pc().memory;
        for _ in 0..2000 {
            step(&mut first, &declared, &mut random);
        }
        let bytes = save(&first.board);
        second.board = load(&bytes);
        second.board.wire();
        second.now = first.now;
        assert_eq!(second.board, first.board);
        assert_eq!(save(&second.board), bytes);
        // Memory is not part of a board: both go on with memory as it was when they began.
        first.memory = pc().memory;
        let mut again = Random(random.0);
        for _ in 0..2000 {
            step(&mut first, &declared, &mut random);
            step(&mut second, &declared, &mut again);
        }
        assert_eq!(second.board, first.board);
    }
}

#[test]
fn forged_boards_are_survived() {
    let (mut pc, mut random) = (pc(), Random(99));
    let declared = ranges(&pc.board);
    let (rounds, mut taken, mut panics) = (600, 0, 0);
    for _ in 0..rounds {
        (0..100).for_each(|_| step(&mut pc, &declared, &mut random));
        let mut bytes = save(&pc.board);
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next() as u8;
        }
        let limited = bincode::config::standard().with_limit::<0x10_0000>();
        let Ok((forged, _)) = bincode::serde::decode_from_slice::<Board, _>(&bytes, limited) else { continue };
        // A machine does not take a board that is not of its own configuration.
        if forged.config() != pc.board.config() {
            continue;
        }
        taken += 1;
        let mut other = self::pc();
        (other.board, other.now) = (forged, pc.now);
        other.board.wire();
        let mut go_on = || {
            (0..300).for_each(|_| step(&mut other, &declared, &mut random));
            look(&other);
        };
        panics += u32::from(std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut go_on)).is_err());
    }
    assert_eq!(panics, 0, "each is told above");
    assert!(taken > rounds / 4, "{taken} boards were taken");
}

#[test]
fn devices_stay_small_when_all_their_queues_are_full() {
    let mut pc = pc();
    let mut cx = BusCx::new(pc.now, &mut pc.memory);
    for _ in 0..20 {
        pc.board.type_keys(&[(Key::Enter, true); 1000], &mut cx);
        let far = MouseMove { dx: i16::MIN, dy: i16::MIN, wheel: i8::MIN, buttons: 31 };
        pc.board.move_mouse(&[far; 1000], &mut cx);
        for port in 0..2 {
            pc.board.serial_input(port, &[0xFF; 1000], &mut cx);
        }
    }
    look(&pc);
}

#[test]
fn looking_changes_nothing() {
    let (mut pc, mut random) = (pc(), Random(7));
    let declared = ranges(&pc.board);
    for _ in 0..50 {
        (0..200).for_each(|_| step(&mut pc, &declared, &mut random));
        let before = save(&pc.board);
        look(&pc);
        pc.memory.peek(PhysAddr(0xB_8000));
        assert_eq!(save(&pc.board), before);
    }
}

#[test]
fn ranges_of_different_devices_do_not_overlap() {
    let pc = pc();
    let mut claims: Vec<(u64, u64, Space, u8)> = Vec::new();
    for number in Devices::numbers() {
        for range in pc.board.devices.get(number).map(|device| device.ranges().0).unwrap_or_default() {
            // RC, port CF9h, lies inside CONFADD, which takes dwords only.
            if range.name == "RC" || range.len == 0 {
                continue;
            }
            let end = range.base + range.len;
            for (base, other_end, space, other) in &claims {
                let apart = end <= *base || *other_end <= range.base || *space != range.space;
                assert!(apart || *other == number, "{} at {:X}h", range.name, range.base);
            }
            claims.push((range.base, end, range.space, number));
        }
    }
}
