//! The XSAVE area: where its parts lie, and how they are reached. SDM Vol.1 13.4 "XSAVE Area", 13.4.3 "Extended Region of
//! an XSAVE Area".

use ringwalk_mmu::{Class, LinAddr};

use super::Exec;
use super::xsave::{AVX, PKRU, supported};
use crate::exception::{Exception, Step};
use crate::model::Features;

/// MXCSR and its mask.
pub(super) const MXCSR: u64 = 24;
/// XMM0; the others follow.
pub(super) const XMM: u64 = 160;
/// The header: which components are there.
pub(super) const XSTATE_BV: u64 = 512;
/// The header: which components have a place in the compacted form.
pub(super) const XCOMP_BV: u64 = 520;
/// Where the header ends and the extended region begins.
pub(super) const HEADER_END: u64 = 576;
/// In XCOMP_BV: the compacted form.
pub(super) const COMPACTED: u64 = 1 << 63;

/// A component of the extended region.
struct Component {
    bit: u64,
    bytes: u64,
    /// Where it lies in the standard form: where processors with AVX-512 have it.
    offset: u64,
}

const COMPONENTS: [Component; 2] =
    [Component { bit: AVX, bytes: 256, offset: 576 }, Component { bit: PKRU, bytes: 8, offset: 2688 }];

/// Size and standard offset of a component, by its number.
pub(crate) fn component(number: u32) -> Option<(u32, u32)> {
    let found = COMPONENTS.iter().find(|part| part.bit.trailing_zeros() == number)?;
    Some((found.bytes as u32, found.offset as u32))
}

/// Where the components of the extended region lie.
pub(crate) struct Layout {
    offsets: [u64; COMPONENTS.len()],
    holds: u64,
}

impl Layout {
    /// Each component at its own place.
    pub(crate) fn standard(features: Features) -> Layout {
        Layout { offsets: COMPONENTS.map(|part| part.offset), holds: supported(features) }
    }

    /// Those that it holds, one behind the other.
    pub(crate) fn compacted(features: Features, holds: u64) -> Layout {
        let holds = holds & supported(features);
        let mut next = HEADER_END;
        let offsets = COMPONENTS.map(|part| {
            let at = next;
            next += if holds & part.bit != 0 { part.bytes } else { 0 };
            at
        });
        Layout { offsets, holds }
    }

    /// Where a component lies.
    pub(super) fn offset(&self, bit: u64) -> u64 {
        COMPONENTS.iter().zip(self.offsets).find(|(part, _)| part.bit == bit).map_or(HEADER_END, |(_, at)| at)
    }

    /// Bytes up to the end of the last of these components.
    pub(crate) fn bytes(&self, components: u64) -> u64 {
        let there = COMPONENTS.iter().zip(self.offsets).filter(|(part, _)| components & self.holds & part.bit != 0);
        there.map(|(part, at)| at + part.bytes).max().unwrap_or(HEADER_END)
    }
}

/// An area whose bytes were checked.
pub(super) struct Area {
    addr: LinAddr,
    class: Class,
}

impl Area {
    pub(super) fn new(cx: &Exec<'_>, addr: LinAddr) -> Area {
        Area { addr, class: cx.class() }
    }

    pub(super) fn read(&mut self, cx: &mut Exec<'_>, at: u64) -> Result<u64, Exception> {
        cx.load_linear(cx.behind(self.addr, at), self.class)
    }

    pub(super) fn write(&mut self, cx: &mut Exec<'_>, at: u64, value: u64) -> Step {
        cx.store_linear(cx.behind(self.addr, at), value, self.class)
    }

    pub(super) fn read_bytes(&mut self, cx: &mut Exec<'_>, at: u64, bytes: &mut [u8]) -> Step {
        for (number, part) in (0..).zip(bytes.chunks_exact_mut(8)) {
            part.copy_from_slice(&self.read(cx, at + 8 * number)?.to_le_bytes());
        }
        Ok(())
    }

    pub(super) fn write_bytes(&mut self, cx: &mut Exec<'_>, at: u64, bytes: &[u8]) -> Step {
        for (number, part) in (0..).zip(bytes.chunks_exact(8)) {
            let value = part.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            self.write(cx, at + 8 * number, value)?;
        }
        Ok(())
    }
}
