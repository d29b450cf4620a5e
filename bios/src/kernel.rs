//! Kernels that start without a disk: which pieces go where in memory, and how the processor enters.
//!
//! [`boot_image`] is a pure function from the bytes of files to the item of the firmware configuration interface that
//! the option ROM in `roms/kernelboot/` carries out when POST has ended: the machine is then as a firmware leaves it,
//! and what the kernel is told of memory is what the firmware tells. Every byte of the files is untrusted.

use std::borrow::Cow;

use crate::Error;

mod aout;
mod elf;
mod linux;
mod multiboot1;
mod multiboot2;
mod plan;
mod protected;
mod pvh;

#[cfg(test)]
mod tests;

use plan::Plan;

/// Firmware keeps the end of memory for its tables; nothing is put there.
const FIRMWARE_BYTES: u64 = 256 << 10;

/// What is to be started.
#[derive(Clone, Copy, Debug)]
pub struct Kernel<'a> {
    /// The kernel's file.
    pub bytes: &'a [u8],
    /// Its name: the first word of the command line that Multiboot and PVH kernels get.
    pub name: &'a str,
    /// Initial RAM disks, or modules.
    pub modules: &'a [Module<'a>],
    /// Its command line.
    pub command_line: &'a str,
    /// Bytes of RAM below the hole for PCI.
    pub ram_bytes: u64,
}

/// A file that is loaded with a kernel.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// The file.
    pub bytes: &'a [u8],
    /// Its name and arguments: what a Multiboot kernel is told.
    pub text: &'a str,
}

/// The boot image for a kernel. The error says what is wrong and what would do.
pub fn boot_image(kernel: &Kernel<'_>) -> Result<Vec<u8>, Error> {
    plan(kernel)?.encode(kernel.ram_end())
}

/// The first protocol of these that the file has.
fn plan<'a>(kernel: &Kernel<'a>) -> Result<Plan<'a>, Error> {
    let texts = std::iter::once(kernel.command_line).chain(kernel.modules.iter().map(|module| module.text));
    if texts.into_iter().chain([kernel.name]).any(|text| text.contains('\0')) {
        return Err(error("a command line cannot hold a character of code 0"));
    }
    for protocol in [multiboot2::plan, multiboot1::plan, linux::plan, pvh::plan] {
        if let Some(plan) = protocol(kernel)? {
            return Ok(plan);
        }
    }
    Err(error(
        "is no kernel that can be started: Linux bzImages, Multiboot 1 and 2 kernels, and ELF files with a PVH entry can",
    ))
}

impl Kernel<'_> {
    /// Where what may be used of RAM ends.
    fn ram_end(&self) -> u64 {
        self.ram_bytes.saturating_sub(FIRMWARE_BYTES)
    }

    /// The command line behind the kernel's name, with a zero at its end.
    fn named_command_line(&self) -> Vec<u8> {
        let gap = if self.command_line.is_empty() { "" } else { " " };
        [self.name, gap, self.command_line, "\0"].concat().into_bytes()
    }
}

fn error(text: impl Into<String>) -> Error {
    Error(text.into())
}

/// The `N` bytes at `at`, if the file has them.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}

/// Overwrites part of a structure that is being made.
fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// MiB, rounded up, for messages.
fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// Refuses what does not fit, by its name.
fn too_large(what: &str, end: u64, ram_end: u64) -> Error {
    error(format!(
        "{what} would reach up to {} MiB, but memory that can be used ends at {} MiB: give the machine more (--mem)",
        mib(end),
        ram_end >> 20
    ))
}

/// Joins initial RAM disks as Linux takes them: each begins at a multiple of four bytes.
fn joined<'a>(modules: &[Module<'a>]) -> Cow<'a, [u8]> {
    match modules {
        [one] => Cow::Borrowed(one.bytes),
        _ => {
            let mut all = Vec::new();
            for module in modules {
                all.resize(all.len().next_multiple_of(4), 0);
                all.extend_from_slice(module.bytes);
            }
            Cow::Owned(all)
        }
    }
}
