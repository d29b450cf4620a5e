//! From a script's actions to inputs with positions. Keys come at the pace of a quick typist, in machine time.

use super::Feed;
use crate::journal::Input;
use crate::keyboard::{Stroke, stroke_of_char, stroke_of_name};
use crate::script::Action;

/// Keys in a second. A key is down for half of its time.
const KEYS_PER_SECOND: u64 = 50;

impl Feed {
    /// Puts the inputs of some actions into the inbox, from `position` on.
    pub(super) fn perform(&mut self, actions: &[Action], position: u64, clock_hz: u64) {
        for action in actions {
            match action {
                Action::Type(text) => self.type_text(text, position, clock_hz),
                Action::Key(name) => self.press(stroke_of_name(name), position, clock_hz),
                Action::Serial(text) => {
                    self.inbox.add(position, Input::Serial(0, text.as_bytes().to_vec()));
                }
            }
        }
    }

    /// Types a text; what no key types is left out.
    pub(super) fn type_text(&mut self, text: &str, position: u64, clock_hz: u64) {
        for character in text.chars() {
            self.press(stroke_of_char(character), position, clock_hz);
        }
    }

    /// Presses and releases a key once those before it are done.
    pub(super) fn press(&mut self, stroke: Option<Stroke>, position: u64, clock_hz: u64) {
        let Some(stroke) = stroke else { return };
        let period = clock_hz / KEYS_PER_SECOND;
        let start = position.max(self.keys_free_at);
        self.inbox.add(start, Input::Keys(stroke.down));
        if !stroke.up.is_empty() {
            self.inbox.add(start.saturating_add(period / 2), Input::Keys(stroke.up));
        }
        self.keys_free_at = start.saturating_add(period);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(feed: &mut Feed) -> Vec<(u64, Input)> {
        let next = |feed: &mut Feed| {
            let position = feed.inbox.next_position()?;
            Some((position, feed.inbox.take_due(position)?))
        };
        std::iter::from_fn(|| next(feed)).collect()
    }

    #[test]
    fn keys_keep_their_pace_whoever_types_them() {
        let mut feed = Feed::default();
        feed.perform(&[Action::Type("a\n".into()), Action::Serial("x".into())], 1000, 5000);
        feed.type_text("b", 1010, 5000);
        let expected = [
            (1000, Input::Keys(vec![0x1C])),
            (1000, Input::Serial(0, b"x".to_vec())),
            (1050, Input::Keys(vec![0xF0, 0x1C])),
            (1100, Input::Keys(vec![0x5A])),
            (1150, Input::Keys(vec![0xF0, 0x5A])),
            (1200, Input::Keys(vec![0x32])),
            (1250, Input::Keys(vec![0xF0, 0x32])),
        ];
        assert_eq!(waiting(&mut feed), expected);
        feed.press(None, 2000, 5000);
        assert_eq!(feed.keys_free_at, 1300);
    }
}
