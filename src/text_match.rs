//! Finding a text in bytes that come one by one.

use serde::{Deserialize, Serialize};

/// A text that is looked for, and how much of it the last bytes were. State where a script waits for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TextMatch {
    text: Vec<u8>,
    matched: u64,
}

impl TextMatch {
    /// Looks for `text`, which is not empty, in what comes from now on.
    pub fn new(text: &str) -> TextMatch {
        TextMatch { text: text.as_bytes().to_vec(), matched: 0 }
    }

    /// Takes the next byte; true if it completes the text.
    pub fn push(&mut self, byte: u8) -> bool {
        let mut seen = self.text.get(..self.matched as usize).unwrap_or_default().to_vec();
        seen.push(byte);
        // The longest end of what was seen that begins the text.
        let start = (0..seen.len()).find(|start| self.text.starts_with(&seen[*start..]));
        let matched = start.map_or(0, |start| seen.len() - start);
        let complete = matched == self.text.len();
        self.matched = if complete { 0 } else { matched as u64 };
        complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, bytes: &str) -> Vec<usize> {
        let mut search = TextMatch::new(text);
        let found = bytes.bytes().enumerate().filter(|(_, byte)| search.push(*byte));
        found.map(|(place, _)| place).collect()
    }

    #[test]
    fn a_text_is_found_at_its_last_byte() {
        assert_eq!(places("login:", "x login: login:"), [7, 14]);
        assert_eq!(places("aab", "aaab"), [3], "a false start may hold the beginning");
        assert_eq!(places("abab", "abaabab"), [6]);
        assert_eq!(places("x", "xx"), [0, 1]);
        assert_eq!(places("xy", "yx"), [] as [usize; 0]);
    }
}
