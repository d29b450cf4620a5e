//! What the host is told about the arena, and about other memory that is touched all over.

/// What backs the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPages {
    /// Large pages: a guest touches its memory all over, and each miss of the host's own TLB costs as much as dozens of
    /// instructions.
    Large,
    /// Small ones, where few pages will be filled soon: the host clears a large page at its first touch, which takes longer
    /// than filling the few small ones in it.
    Small,
}

/// Bytes of a large page, as hosts with small pages of 4 KiB have it.
pub(crate) const LARGE: usize = 2 << 20;

/// Asks the host to back memory that is not touched yet with such pages. Without effect on anything but time, so a
/// refusal is one.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice goes by address")]
pub fn prefer<T>(memory: &mut [T], pages: HostPages) {
    use rustix::mm::{Advice, madvise};
    const HOST_PAGE: usize = 4096;
    let advice = match pages {
        HostPages::Large => Advice::LinuxHugepage,
        HostPages::Small => Advice::LinuxNoHugepage,
    };
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(HOST_PAGE);
    let Some(whole) = size_of_val(memory).checked_sub(skipped).map(|rest| rest / HOST_PAGE * HOST_PAGE) else { return };
    // SAFETY: the span lies inside the slice, and this advice changes neither contents nor rights.
    let _ = unsafe { madvise(start.add(skipped).cast(), whole, advice) };
}

/// Elsewhere the host decides by itself.
#[cfg(not(target_os = "linux"))]
pub fn prefer<T>(_: &mut [T], _: HostPages) {}
