//! SingleStepTests' MOO files: little-endian chunks of a four-letter name, a length and a body, in gzip.

use std::io::Read;
use std::path::Path;

/// Registers in the order of the files.
pub(crate) const REGISTER_NAMES: [&str; 14] =
    ["ax", "bx", "cx", "dx", "cs", "ss", "ds", "es", "sp", "bp", "si", "di", "ip", "flags"];
/// Indices of SS, SP, IP and FLAGS in [`REGISTER_NAMES`].
const SS: usize = 5;
const SP: usize = 8;
pub(crate) const IP: usize = 12;
pub(crate) const FLAGS: usize = 13;

/// One captured run.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) index: u32,
    /// The instruction and the HLT behind it.
    pub(crate) bytes: Vec<u8>,
    pub(crate) registers: [u16; 14],
    pub(crate) ram: Vec<(u32, u8)>,
    pub(crate) final_registers: [u16; 14],
    /// Bytes that changed.
    pub(crate) final_ram: Vec<(u32, u8)>,
    /// Vector of the exception that the instruction raised.
    pub(crate) exception: Option<u8>,
}

impl Case {
    /// The prefixes before the opcode.
    pub(crate) fn prefixes(&self) -> &[u8] {
        let is_prefix = |byte: &u8| matches!(byte, 0x26 | 0x2E | 0x36 | 0x3E | 0xF0..=0xF3);
        let count = self.bytes.iter().take_while(|byte| is_prefix(byte)).count();
        &self.bytes[..count]
    }

    /// The byte behind the opcode.
    pub(crate) fn modrm(&self) -> u8 {
        self.bytes[self.prefixes().len() + 1]
    }

    /// Physical address at which an exception pushed FLAGS: the handler is a HLT, so its frame is on top.
    /// The address in EXCP itself is that of the bus cycle, rounded down to a word.
    pub(crate) fn pushed_flags(&self) -> Option<u64> {
        self.exception?;
        let [segment, top] = [SS, SP].map(|register| self.final_registers[register]);
        Some(u64::from(segment) * 16 + u64::from(top.wrapping_add(4)))
    }
}

/// All cases of a file. The files are this test's own data: a broken one fails it.
pub(crate) fn parse(path: &Path) -> Vec<Case> {
    let file = std::fs::File::open(path).expect("the vector file can be opened");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("the vector file is gzip");
    chunks(&bytes).filter(|(name, _)| *name == b"TEST").map(|(_, body)| parse_case(body)).collect()
}

fn parse_case(body: &[u8]) -> Case {
    let mut case = Case { index: u32_at(body, 0), ..Case::default() };
    for (name, body) in chunks(&body[4..]) {
        match name {
            b"BYTS" => case.bytes = body[4..].to_vec(),
            b"INIT" => read_state(body, &mut case.registers, &mut case.ram),
            b"FINA" => {
                case.final_registers = case.registers;
                read_state(body, &mut case.final_registers, &mut case.final_ram);
            }
            b"EXCP" => case.exception = Some(body[0]),
            _ => (),
        }
    }
    case
}

fn read_state(body: &[u8], registers: &mut [u16; 14], ram: &mut Vec<(u32, u8)>) {
    for (name, body) in chunks(body) {
        match name {
            b"REGS" => {
                let present = u16_at(body, 0);
                let present = (0..14).filter(|number| present >> number & 1 != 0);
                for (place, number) in present.enumerate() {
                    registers[number] = u16_at(body, 2 + 2 * place);
                }
            }
            b"RAM " => {
                let entries = body[4..].chunks_exact(5);
                ram.extend(entries.map(|entry| (u32_at(entry, 0), entry[4])));
            }
            _ => (),
        }
    }
}

/// Names and bodies of the chunks that lie side by side.
fn chunks(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (name, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (body, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        bytes = rest;
        Some((name, body))
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}
