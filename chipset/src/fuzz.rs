//! Random accesses to the whole board: nothing panics, equal input gives equal boards, a saved board goes on equal.

use ringwalk_mmu::{Bus, BusCx, PhysAddr, Size};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::Board;
use crate::config::{DiskConfig, FloppyConfig};
use crate::device::{Range, Space};
use crate::devices::Devices;
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
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    fn size(&mut self) -> Size {
        SIZES[self.below(4) as usize]
    }
}

/// A board with disks, its PCI functions switched on and placed.
fn pc() -> Pc {
    let disk = Some(DiskConfig::with_sectors(3000));
    let floppy = Some(FloppyConfig { sectors: 2880, write_protected: false });
    let mut pc = Pc::with_media([disk, disk, Some(DiskConfig::cdrom(3000)), None], [floppy, None]);
    let functions = ranges(&pc.board).into_iter().filter(|range| range.space == Space::Config);
    for range in functions {
        for (offset, value) in [(0x10, 0xE000_0000), (0x18, 0xE100_0000), (0x20, 0xC001), (0x40, 0x8000_8000), (4, 7)] {
            pc.port_out(0xCF8, Size::Dword, 0x8000_0000 | range.base as u32 | offset);
            pc.port_out(0xCFC, Size::Dword, value);
        }
    }
    pc
}

fn ranges(board: &Board) -> Vec<Range> {
    Devices::numbers().filter_map(|number| board.devices.get(number)).flat_map(|device| device.ranges().0).collect()
}

/// One random access, mostly to a declared range, and the passing of some time.
fn step(pc: &mut Pc, ranges: &[Range], random: &mut Random) {
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
}

fn pass_time(pc: &mut Pc, random: &mut Random) {
    match random.below(2000) {
        0 => pc.run(random.below(1000 * US)),
        1 => pc.board.reset(),
        2..100 => pc.run(random.below(20 * US)),
        100..200 => {
            let mut cx = BusCx { now: pc.now, memory: &mut pc.memory };
            if pc.board.signals().interrupt {
                pc.board.acknowledge_interrupt(&mut cx);
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

#[test]
fn a_million_random_accesses_are_survived() {
    let mut pc = pc();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut declared = ranges(&pc.board);
    for round in 0..1_000_000 {
        step(&mut pc, &declared, &mut random);
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
