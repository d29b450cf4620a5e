//! Reads and writes of video memory against a model that follows IBM's *PS/2 Video Subsystems*, "Graphics Controller
//! Registers" and "Sequencer Registers", bit by bit: one plane, one bit of a byte at a time.

use ringwalk_mmu::Size;

use super::{planar_mode, planes, set};
use crate::test_pc::Pc;
use crate::vga::WINDOW;

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

/// Registers and planes of the model.
struct Model {
    planes: [Vec<u8>; 4],
    latch: [u8; 4],
    misc: u8,
    map_mask: u8,
    memory_mode: u8,
    graphics: [u8; 9],
}

fn bit(value: u8, number: u8) -> bool {
    value >> number & 1 != 0
}

impl Model {
    /// Where an offset of the 128 KiB window leads: the byte of a plane and the planes that are reached. `None`
    /// outside of the part that is decoded.
    fn decode(&self, window: u32) -> Option<(usize, Vec<u8>)> {
        let (first, length) = match self.graphics[6] >> 2 & 3 {
            0 => (0x0_0000, 0x2_0000),
            1 => (0x0_0000, 0x1_0000),
            2 => (0x1_0000, 0x0_8000),
            _ => (0x1_8000, 0x0_8000),
        };
        if window < first || window >= first + length {
            return None;
        }
        let address = (window - first) as usize;
        if bit(self.memory_mode, 3) {
            // Chain 4: the two lowest bits choose the plane; bits 15 and 14 take their places.
            let byte = (address & 0xFFFC) | (address & 0xC000) >> 14;
            return Some((byte, vec![(address & 3) as u8]));
        }
        let all = if bit(self.memory_mode, 2) {
            vec![0, 1, 2, 3]
        } else if address.is_multiple_of(2) {
            vec![0, 2]
        } else {
            vec![1, 3]
        };
        let mut byte = address & 0xFFFF;
        if bit(self.graphics[6], 1) {
            // Odd/even chained: bit 0 is replaced, by bit 16 of the large window, otherwise by the page select.
            let replacement = if length == 0x2_0000 { address >> 16 & 1 } else { usize::from(!bit(self.misc, 5)) };
            byte = (byte & 0xFFFE) | replacement;
        }
        Some((byte, all))
    }

    fn write(&mut self, window: u32, data: u8) {
        let Some((byte, reached)) = self.decode(window) else { return };
        for plane in reached.into_iter().filter(|plane| bit(self.map_mask, *plane)) {
            let old = self.latch[usize::from(plane)];
            let mut new = 0;
            for number in 0..8 {
                if self.written_bit(plane, number, data, bit(old, number)) {
                    new |= 1 << number;
                }
            }
            self.planes[usize::from(plane)][byte] = new;
        }
    }

    /// One bit of one plane.
    fn written_bit(&self, plane: u8, number: u8, data: u8, latch: bool) -> bool {
        let [set_reset, enable, _, rotate, _, mode, _, _, bit_mask] = self.graphics;
        // Rotation to the right by n: bit k comes from bit k + n.
        let rotated = bit(data, (number + (rotate & 7)) % 8);
        let mut masked_in = bit(bit_mask, number);
        let source = match mode & 3 {
            0 => {
                if bit(enable, plane) {
                    bit(set_reset, plane)
                } else {
                    rotated
                }
            }
            1 => return latch,
            2 => bit(data, plane),
            _ => {
                masked_in = masked_in && rotated;
                bit(set_reset, plane)
            }
        };
        let result = match rotate >> 3 & 3 {
            0 => source,
            1 => source && latch,
            2 => source || latch,
            _ => source != latch,
        };
        if masked_in { result } else { latch }
    }

    fn read(&mut self, window: u32) -> u8 {
        let Some((byte, _)) = self.decode(window) else { return 0xFF };
        self.latch = [0, 1, 2, 3].map(|plane: usize| self.planes[plane][byte]);
        let [_, _, compare, _, select, mode, _, cares, _] = self.graphics;
        if bit(mode, 3) {
            let mut result = 0;
            for number in 0..8 {
                let differs = |plane: u8| bit(self.latch[usize::from(plane)], number) != bit(compare, plane);
                if !(0..4).any(|plane| bit(cares, plane) && differs(plane)) {
                    result |= 1 << number;
                }
            }
            return result;
        }
        let plane = if bit(self.memory_mode, 3) {
            window & 3
        } else if bit(mode, 4) {
            u32::from(select & 2) | (window & 1)
        } else {
            u32::from(select & 3)
        };
        self.latch[plane as usize]
    }
}

/// The same registers in the adapter and the model; every other time a mode that software uses.
fn new_registers(pc: &mut Pc, model: &mut Model, random: &mut Random) {
    let mut byte = |end: u64| random.below(end) as u8;
    model.misc = 0x43 | byte(2) << 5;
    model.map_mask = byte(16);
    model.memory_mode = [0x02, 0x06, 0x0A, 0x0E][usize::from(byte(4))];
    for (index, bits) in [16, 16, 16, 32, 4, 128, 16, 16, 256].into_iter().enumerate() {
        model.graphics[index] = byte(bits) & if index == 5 { 0x7B } else { 0xFF };
    }
    if byte(2) == 0 {
        let (map_mask, memory_mode, mode, misc) =
            [(3, 0x02, 0x10, 0x0E), (15, 0x0E, 0x40, 0x05), (15, 0x06, 0x00, 0x05)][usize::from(byte(3))];
        (model.map_mask, model.memory_mode) = (map_mask, memory_mode);
        model.graphics = [0, 0, 0, 0, 0, mode, misc, 15, 0xFF];
    }
    pc.outb(0x3C2, model.misc);
    set(pc, 0x3C4, 2, model.map_mask);
    set(pc, 0x3C4, 4, model.memory_mode);
    for (index, value) in (0..).zip(model.graphics) {
        set(pc, 0x3CE, index, value);
    }
}

#[test]
fn every_combination_does_what_the_manual_says_bit_by_bit() {
    let mut pc = planar_mode();
    let mut model = Model {
        planes: [(); 4].map(|()| vec![0; 1 << 16]),
        latch: [0; 4],
        misc: 0,
        map_mask: 0,
        memory_mode: 0,
        graphics: [0; 9],
    };
    let mut random = Random(0x1BAD_B002_CAFE_F00D);
    for round in 0..60_000 {
        if round % 12 == 0 {
            new_registers(&mut pc, &mut model, &mut random);
        }
        // Few addresses, so that they meet again, in every part of the window.
        let window = (random.below(16) * 0x2000 + random.below(16)) as u32;
        let size = [Size::Byte, Size::Word, Size::Dword, Size::Qword][random.below(4) as usize];
        let bytes = (size.bytes() as u32).min(0x2_0000 - window);
        if u64::from(bytes) < size.bytes() {
            continue;
        }
        let state = (model.misc, model.map_mask, model.memory_mode, model.graphics);
        if random.below(3) == 0 {
            let expected = (0..bytes).fold(0, |all, at| all | u64::from(model.read(window + at)) << (8 * at));
            let read = pc.load(WINDOW + u64::from(window), size);
            assert_eq!(read, expected, "{size:?} read at {window:X}h in {state:X?}");
        } else {
            let value = random.below(1 << 32) | random.below(1 << 32) << 32;
            pc.store(WINDOW + u64::from(window), size, value);
            (0..bytes).for_each(|at| model.write(window + at, (value >> (8 * at)) as u8));
        }
        if let Some((byte, _)) = model.decode(window) {
            let expected = [0, 1, 2, 3].map(|plane: usize| model.planes[plane][byte]);
            assert_eq!(planes(&pc, byte as u16), expected, "{size:?} at {window:X}h in {state:X?}");
        }
    }
    for offset in 0..=0xFFFF_u16 {
        let expected = [0, 1, 2, 3].map(|plane: usize| model.planes[plane][usize::from(offset)]);
        assert_eq!(planes(&pc, offset), expected, "offset {offset:X}h at the end");
    }
}
