//! Kernels that say by addresses in their header how they are loaded, whatever the file's format: the "a.out kludge" of
//! Multiboot 1 (3.1.3 "The address fields of Multiboot header") and the address tag of Multiboot 2 (3.1.5).

use super::plan::Piece;
use super::{error, u32_at};
use crate::Error;

/// The address fields, in their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    header: u32,
    load: u32,
    load_end: u32,
    bss_end: u32,
}

impl Addresses {
    /// The fields at `at`.
    pub(super) fn at(file: &[u8], at: usize) -> Option<Addresses> {
        let field = |number: usize| u32_at(file, at.checked_add(4 * number)?);
        Some(Addresses { header: field(0)?, load: field(1)?, load_end: field(2)?, bss_end: field(3)? })
    }

    /// What is loaded, of a file whose header lies at `header_at`.
    pub(super) fn piece<'a>(&self, file: &'a [u8], header_at: usize) -> Result<Piece<'a>, Error> {
        let wrong = || error("has a Multiboot header whose address fields contradict each other or the file");
        let before = self.header.checked_sub(self.load).ok_or_else(wrong)?;
        let begin = header_at.checked_sub(before as usize).ok_or_else(wrong)?;
        let end = match self.load_end {
            0 => file.len(),
            end => begin.checked_add(end.checked_sub(self.load).ok_or_else(wrong)? as usize).ok_or_else(wrong)?,
        };
        let bytes = file.get(begin..end).ok_or_else(wrong)?;
        let address = u64::from(self.load);
        let loaded_end = address + bytes.len() as u64;
        // A header may give no bss, or less than what is loaded.
        let zeros = u64::from(self.bss_end).saturating_sub(loaded_end);
        Ok(Piece { what: "the kernel", address, bytes: bytes.into(), zeros })
    }
}
