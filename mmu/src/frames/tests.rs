//! Tests of the frames.

use super::*;

/// A frame that was written, and what is known of it.
fn written() -> (Frames, Frame) {
    let mut frames = Frames::default();
    let ram = frames.extend(1);
    frames.store(ram.first, 0, &[1]);
    (frames, ram.first)
}

/// Stores as the display adapter does.
fn store<const N: usize>(frames: &mut Frames, frame: Frame, offset: usize, bytes: [u8; N]) {
    if !frames.store_if_ready(frame, offset, bytes) {
        frames.store(frame, offset, &bytes);
    }
}

#[test]
fn a_store_of_few_bytes_is_noted_as_any_other() {
    let all = FrameRange { first: Frame(0), count: 1 };
    let (mut frames, frame) = written();
    store(&mut frames, frame, 8, [2, 3]);
    assert_eq!(frames.page(frame)[7..11], [0, 2, 3, 0]);
    assert_eq!(frames.take_dirty(all), [frame]);
    store(&mut frames, frame, 8, [4]);
    assert_eq!(frames.take_dirty(all), [frame], "it is dirty again");

    let (mut frames, frame) = written();
    frames.keep_before(true);
    store(&mut frames, frame, 0, [9]);
    let before = frames.take_before();
    assert_eq!(before.len(), 1, "the page is kept as it was");
    assert_eq!(before[0].1.as_ref().map(|page| page[0]), Some(1));
    store(&mut frames, frame, 0, [8]);
    assert_eq!(frames.kept_before(), 1, "and kept again");

    let (mut frames, frame) = written();
    frames.mark_code(frame, 64, 4);
    store(&mut frames, frame, 60, [1, 1, 1, 1]);
    assert!(!frames.has_stale_code());
    store(&mut frames, frame, 66, [1, 1]);
    assert_eq!(frames.take_stale_code(), Some((frame, 1 << 1)));

    let (mut frames, frame) = written();
    frames.log_stores();
    store(&mut frames, frame, 6, [1, 2]);
    let mut stores = Vec::new();
    frames.take_stores(&mut stores);
    assert_eq!(stores, [Stored { frame, offset: 6, bytes: 2 }]);
}

#[test]
#[should_panic(expected = "stays inside its frame")]
fn a_store_of_few_bytes_stays_inside_its_frame() {
    let (mut frames, frame) = written();
    store(&mut frames, frame, PAGE - 1, [1, 2]);
}

struct Sevens;

impl PageSource for Sevens {
    fn page(&self, _: Frame, page: &mut [u8; PAGE]) -> Result<(), String> {
        page.fill(7);
        Ok(())
    }
}

#[test]
fn an_absent_page_comes_for_a_dword_and_for_a_store_of_few_bytes() {
    let (mut frames, frame) = written();
    frames.fetch_from(Box::new(Sevens));
    frames.set_absent(frame);
    assert_eq!(frames.dword_if_present(frame, 4), None);
    store(&mut frames, frame, 4, [1]);
    assert_eq!((frames.absent(), frames.dword_if_present(frame, 4)), (0, Some(0x0707_0701)));
}

#[test]
fn a_store_makes_code_stale_only_on_its_own_lines() {
    let mut frames = Frames::default();
    let ram = frames.extend(2);
    frames.mark_code(ram.first, 60, 8);
    frames.store(ram.first, 128, &[1]);
    assert!(!frames.has_stale_code());
    frames.store(ram.first, 127, &[1, 2]);
    assert_eq!(frames.take_stale_code(), Some((ram.first, 0b10)));
    assert_eq!(frames.take_stale_code(), None);
    frames.store(ram.first, 64, &[1]);
    assert!(!frames.has_stale_code(), "the mark went with the code");
    frames.store(ram.first, 60, &[1]);
    assert!(frames.has_stale_code(), "the other line keeps its mark");
}

#[test]
fn a_page_is_kept_before_its_first_write() {
    let mut frames = Frames::default();
    frames.extend(3);
    frames.store(Frame(1), 0, &[1]);
    frames.keep_before(true);
    frames.store(Frame(1), 0, &[2]);
    frames.store(Frame(1), 1, &[3]);
    frames.store(Frame(2), 0, &[4]);
    let before = frames.take_before();
    assert_eq!(before.len(), 2);
    assert!(before[0].0 == Frame(1) && before[0].1.as_ref().is_some_and(|page| page[..2] == [1, 0]));
    assert_eq!(before[1], (Frame(2), None), "zeros cost nothing");
    frames.replace(Frame(1), before[0].1.as_deref());
    assert_eq!((frames.page(Frame(1))[0], frames.kept_before()), (1, 0));
    frames.store(Frame(1), 0, &[5]);
    assert_eq!(frames.kept_before(), 1, "each span begins anew");
}

#[test]
fn replaced_code_is_stale_where_it_changed() {
    let mut frames = Frames::default();
    frames.extend(1);
    frames.mark_code(Frame(0), 0, 256);
    let mut page = [0; PAGE];
    page[70] = 1;
    frames.replace(Frame(0), Some(&page));
    assert_eq!(frames.take_stale_code(), Some((Frame(0), 0b10)));
}

/// Page `n` is full of `n`; page 9 cannot be had.
struct Numbers;

impl PageSource for Numbers {
    fn page(&self, frame: Frame, page: &mut [u8; PAGE]) -> Result<(), String> {
        if frame == Frame(9) {
            return Err("page 9 is damaged".to_owned());
        }
        page.fill(frame.0 as u8);
        Ok(())
    }
}

fn some_absent() -> Frames {
    let mut frames = Frames::default();
    frames.extend(10);
    frames.fetch_from(Box::new(Numbers));
    for number in [3, 4, 5, 9, 3] {
        frames.set_absent(Frame(number));
    }
    frames
}

#[test]
fn an_absent_page_comes_at_its_first_touch_and_counts_as_written() {
    let mut frames = some_absent();
    assert_eq!(frames.absent(), 4);
    assert!(frames.is_touched(Frame(3)) && !frames.is_touched(Frame(2)));
    assert_eq!((frames.page(Frame(3))[7], frames.bytes()[Frame(3).start() + 7]), (3, 0), "looked at, not brought");
    frames.keep_before(true);
    frames.store(Frame(3), 0, &[1]);
    assert_eq!(frames.page(Frame(3))[..2], [1, 3]);
    assert_eq!(frames.take_before()[0].1.as_ref().map(|page| page[0]), Some(3), "what it held is kept");
    frames.bring(Frame(4));
    assert_eq!((frames.bytes()[Frame(4).start()], frames.absent()), (4, 2));
    frames.replace(Frame(5), None);
    assert_eq!((frames.page(Frame(5))[0], frames.absent()), (0, 1), "another content comes in its place");
    assert_eq!(frames.lost(), None);
}

#[test]
fn a_page_that_does_not_come_is_told_for_ever() {
    let mut frames = some_absent();
    assert_eq!((frames.page(Frame(9))[0], frames.lost()), (0, Some("page 9 is damaged")));
    frames.store(Frame(9), 0, &[1]);
    assert_eq!(frames.lost(), Some("page 9 is damaged"));
}

#[test]
fn dirty_pages_are_told_once() {
    let mut frames = Frames::default();
    let ram = frames.extend(3);
    frames.store(Frame(1), 4095, &[7]);
    assert_eq!(frames.take_dirty(ram), [Frame(1)]);
    assert!(frames.take_dirty(ram).is_empty());
    assert!(frames.is_touched(Frame(1)) && !frames.is_touched(Frame(0)));
}
