//! What the host is told about the arena.

/// Asks the host to back a fresh allocation with large pages: a guest touches its memory all over, and each miss of the
/// host's own TLB costs as much as dozens of instructions. Without effect on anything but time, so a refusal is one.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice goes by address")]
pub(crate) fn prefer_huge_pages(bytes: &mut [u8]) {
    use rustix::mm::{Advice, madvise};
    const HOST_PAGE: usize = 4096;
    let skipped = bytes.as_ptr().align_offset(HOST_PAGE);
    let Some(whole) = bytes.len().checked_sub(skipped).map(|rest| rest / HOST_PAGE * HOST_PAGE) else { return };
    // SAFETY: the span lies inside the slice, and this advice changes neither contents nor rights.
    let _ = unsafe { madvise(bytes.as_mut_ptr().add(skipped).cast(), whole, Advice::LinuxHugepage) };
}

/// Elsewhere the host decides by itself.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prefer_huge_pages(_: &mut [u8]) {}
