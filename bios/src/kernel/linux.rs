//! Linux bzImages and zImages, entered in real mode: their setup code asks the firmware for memory, video modes and
//! disks itself, so that `boot_params` holds what the firmware says.
//! Linux, *Documentation/arch/x86/boot.rst*: "Memory Layout", "The Real-Mode Kernel Header", "The Kernel Command Line",
//! "Loading The Rest of The Kernel", "Running the Kernel".

use super::plan::{Entry, HIGH, Piece, Plan};
use super::{Kernel, error, joined, mib, put, too_large, u16_at, u32_at, u64_at};
use crate::Error;

/// Offsets in the setup header.
const SETUP_SECTS: usize = 0x1F1;
const SYSSIZE: usize = 0x1F4;
const VID_MODE: usize = 0x1FA;
const BOOT_FLAG: usize = 0x1FE;
const MAGIC: usize = 0x202;
const VERSION: usize = 0x206;
const TYPE_OF_LOADER: usize = 0x210;
const LOADFLAGS: usize = 0x211;
const SETUP_MOVE_SIZE: usize = 0x212;
const RAMDISK_IMAGE: usize = 0x218;
const HEAP_END_PTR: usize = 0x224;
const CMD_LINE_PTR: usize = 0x228;
const INITRD_ADDR_MAX: usize = 0x22C;
const RELOCATABLE: usize = 0x234;
const CMDLINE_SIZE: usize = 0x238;
const PREF_ADDRESS: usize = 0x258;
const INIT_SIZE: usize = 0x260;
/// How the oldest kernels are told of a command line, in the boot sector itself.
const OLD_COMMAND_LINE: usize = 0x20;
const OLD_COMMAND_LINE_MAGIC: u16 = 0xA33F;

const LOADED_HIGH: u8 = 1 << 0;
const CAN_USE_HEAP: u8 = 1 << 7;
/// A loader without a number of its own.
const UNKNOWN_LOADER: u8 = 0xFF;
const SECTOR: usize = 512;
/// Sectors of setup code where the header says 0.
const USUAL_SETUP_SECTS: usize = 4;
/// Where the setup code goes: old kernels want to be here.
const OLD_SETUP: u64 = 0x9_0000;
const SETUP: u64 = 0x1_0000;
/// Offset of the end of its heap and stack; the command line follows.
const OLD_HEAP_END: u16 = 0x9800;
const HEAP_END: u16 = 0xE000;
/// Where a kernel that is not loaded high goes, up to the setup code.
const LOW_KERNEL: u64 = 0x1_0000;
/// What kernels before 2.03 and 2.06 imply.
const OLD_INITRD_MAX: u32 = 0x37FF_FFFF;
const OLD_COMMAND_LINE_MOST: u32 = 255;
const PAGE: u64 = 4096;

/// The header's fields that decide.
struct Header {
    /// Protocol, 0 before there was one.
    version: u16,
    setup_bytes: usize,
    high: bool,
    /// Address of setup code, and where its heap ends in its segment.
    setup: u64,
    heap_end: u16,
}

pub(super) fn plan<'a>(kernel: &Kernel<'a>) -> Result<Option<Plan<'a>>, Error> {
    let file = kernel.bytes;
    if u16_at(file, BOOT_FLAG) != Some(0xAA55) || file.get(MAGIC..MAGIC + 4) != Some(b"HdrS") {
        return Ok(None);
    }
    let header = header(file)?;
    let setup =
        Piece { what: "the setup code", address: header.setup, bytes: setup_code(kernel, &header)?.into(), zeros: 0 };
    let address = if header.high { HIGH } else { LOW_KERNEL };
    let body = &file[header.setup_bytes..];
    let body = Piece { what: "the kernel", address, bytes: body.into(), zeros: 0 };
    if !header.high && body.end() > OLD_SETUP {
        return Err(error("is a zImage that does not fit below its setup code, as one must"));
    }
    let kernel_end = working_end(file, &header, &body)?;
    if kernel_end > kernel.ram_end() {
        return Err(too_large("the kernel, unpacked,", kernel_end, kernel.ram_end()));
    }
    let command_line = [kernel.command_line.as_bytes(), b"\0"].concat();
    let address = header.setup + u64::from(header.heap_end);
    let command_line = Piece { what: "the command line", address, bytes: command_line.into(), zeros: 0 };
    let mut pieces = vec![setup, body, command_line];
    if let Some(initrd) = initrd(kernel, &header, kernel_end)? {
        let place = (initrd.address as u32).to_le_bytes();
        let len = (initrd.bytes.len() as u32).to_le_bytes();
        let setup = pieces[0].bytes.to_mut();
        put(setup, RAMDISK_IMAGE, &[place, len].concat());
        pieces.push(initrd);
    }
    let data = (header.setup >> 4) as u16;
    let entry = Entry::Real { data, sp: header.heap_end, cs: data + 0x20, ip: 0 };
    Ok(Some(Plan { pieces, fills: Vec::new(), entry }))
}

fn header(file: &[u8]) -> Result<Header, Error> {
    let cut = || error("is a Linux kernel that is cut short");
    let version = u16_at(file, VERSION).ok_or_else(cut)?;
    let sectors = match usize::from(file[SETUP_SECTS]) {
        0 => USUAL_SETUP_SECTS,
        sectors => sectors,
    };
    let setup_bytes = (sectors + 1) * SECTOR;
    let high = version >= 0x200 && file.get(LOADFLAGS).ok_or_else(cut)? & LOADED_HIGH != 0;
    // Before 2.04 only the lower half counts, and that of large kernels is wrong.
    let paragraphs = if version >= 0x204 { u32_at(file, SYSSIZE).ok_or_else(cut)? } else { 0 };
    let bytes = (u64::from(paragraphs) * 16).saturating_sub(15).max(1) + setup_bytes as u64;
    if (file.len() as u64) < bytes {
        return Err(error(format!("is a Linux kernel that is cut short: it has {} of {bytes} bytes", file.len())));
    }
    let modern = version >= 0x202 && high;
    let (setup, heap_end) = if modern { (SETUP, HEAP_END) } else { (OLD_SETUP, OLD_HEAP_END) };
    if setup_bytes > usize::from(heap_end) {
        return Err(error("is a Linux kernel whose setup code is larger than its segment"));
    }
    Ok(Header { version, setup_bytes, high, setup, heap_end })
}

/// The setup code with the fields that a loader writes.
fn setup_code(kernel: &Kernel<'_>, header: &Header) -> Result<Vec<u8>, Error> {
    let mut setup = kernel.bytes[..header.setup_bytes].to_vec();
    let text = kernel.command_line;
    let most = if header.version >= 0x206 { u32_at(&setup, CMDLINE_SIZE).unwrap_or(0) } else { OLD_COMMAND_LINE_MOST };
    // What lies between the heap and the next segment.
    let most = (most as usize).min(0x1_0000 - usize::from(header.heap_end) - 1);
    if text.len() > most {
        return Err(error(format!("takes a command line of {most} bytes, and this one has {} (--append)", text.len())));
    }
    put(&mut setup, VID_MODE, &video_mode(text)?.to_le_bytes());
    if header.version >= 0x200 {
        put(&mut setup, TYPE_OF_LOADER, &[UNKNOWN_LOADER]);
    }
    if header.version >= 0x201 {
        setup[LOADFLAGS] |= CAN_USE_HEAP;
        put(&mut setup, HEAP_END_PTR, &(header.heap_end - 0x200).to_le_bytes());
    }
    if header.version >= 0x202 {
        // Below 1 MiB.
        let address = header.setup as u32 + u32::from(header.heap_end);
        put(&mut setup, CMD_LINE_PTR, &address.to_le_bytes());
    } else {
        let fields = [OLD_COMMAND_LINE_MAGIC.to_le_bytes(), header.heap_end.to_le_bytes()];
        put(&mut setup, OLD_COMMAND_LINE, &fields.concat());
        // At most 255 bytes.
        let moved = header.heap_end + text.len() as u16 + 1;
        put(&mut setup, SETUP_MOVE_SIZE, &moved.to_le_bytes());
    }
    Ok(setup)
}

/// The mode that `vga=` asks the setup code for. "Special Command Line Options".
fn video_mode(command_line: &str) -> Result<u16, Error> {
    let Some(mode) = command_line.split_whitespace().rev().find_map(|word| word.strip_prefix("vga=")) else {
        return Ok(0xFFFF);
    };
    let number = match mode.strip_prefix("0x").or_else(|| mode.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => mode.parse().ok(),
    };
    match mode {
        "normal" => Ok(0xFFFF),
        "ext" => Ok(0xFFFE),
        "ask" => Ok(0xFFFD),
        _ => number.ok_or_else(|| {
            error(format!("vga={mode} on its command line is no video mode: normal, ext, ask, or a number"))
        }),
    }
}

/// Where what the kernel needs before it knows of memory ends.
fn working_end(file: &[u8], header: &Header, body: &Piece<'_>) -> Result<u64, Error> {
    if header.version < 0x20A || !header.high {
        return Ok(body.end());
    }
    let cut = || error("is a Linux kernel that is cut short");
    let preferred = u64_at(file, PREF_ADDRESS).ok_or_else(cut)?;
    let bytes = u64::from(u32_at(file, INIT_SIZE).ok_or_else(cut)?);
    let relocatable = *file.get(RELOCATABLE).ok_or_else(cut)? != 0;
    // One that can be moved unpacks itself where it lies, unless that is below its preferred address.
    let begin = if relocatable { preferred.max(HIGH) } else { preferred };
    Ok(begin.saturating_add(bytes).max(body.end()))
}

/// The initial RAM disk, as high as the kernel and memory allow.
fn initrd<'a>(kernel: &Kernel<'a>, header: &Header, kernel_end: u64) -> Result<Option<Piece<'a>>, Error> {
    if kernel.modules.is_empty() {
        return Ok(None);
    }
    if header.version < 0x200 {
        return Err(error("is a Linux kernel from before there were initial RAM disks (--initrd)"));
    }
    let highest = match header.version >= 0x203 {
        true => u32_at(kernel.bytes, INITRD_ADDR_MAX).unwrap_or(OLD_INITRD_MAX),
        false => OLD_INITRD_MAX,
    };
    let bytes = joined(kernel.modules);
    let len = bytes.len() as u64;
    let end = kernel.ram_end().min(u64::from(highest) + 1);
    let address = end.checked_sub(len).map(|address| address / PAGE * PAGE).filter(|address| *address >= kernel_end);
    let Some(address) = address else {
        return Err(error(format!(
            "leaves {} MiB for the initial RAM disk between its own end and that of memory, and that has {}: give the \
             machine more (--mem) or a smaller one (--initrd)",
            end.saturating_sub(kernel_end) >> 20,
            mib(len)
        )));
    };
    Ok(Some(Piece { what: "the initial RAM disk", address, bytes, zeros: 0 }))
}
