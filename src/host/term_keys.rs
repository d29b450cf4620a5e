//! From what a terminal sends to keys of a PC. *ECMA-48*, and the sequences of xterm ("PC-Style Function Keys").

use ringwalk_chipset::{Key, keys_for_char};

use crate::keyboard::Stroke;

/// Ctrl-]: leaves the machine.
const LEAVE: u8 = 0x1D;
const ESCAPE: u8 = 0x1B;

/// What the user did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Typed {
    /// Pressed and released keys.
    Keys(Vec<Stroke>),
    /// Asked to leave.
    Leave,
}

/// Behind `ESC [` or `ESC O`: what the terminal sends and the key.
const SEQUENCES: [(&str, Key); 30] = [
    ("A", Key::Up),
    ("B", Key::Down),
    ("C", Key::Right),
    ("D", Key::Left),
    ("H", Key::Home),
    ("F", Key::End),
    ("1~", Key::Home),
    ("2~", Key::Insert),
    ("3~", Key::Delete),
    ("4~", Key::End),
    ("5~", Key::PageUp),
    ("6~", Key::PageDown),
    ("P", Key::F1),
    ("Q", Key::F2),
    ("R", Key::F3),
    ("S", Key::F4),
    ("[A", Key::F1),
    ("[B", Key::F2),
    ("[C", Key::F3),
    ("[D", Key::F4),
    ("[E", Key::F5),
    ("15~", Key::F5),
    ("17~", Key::F6),
    ("18~", Key::F7),
    ("19~", Key::F8),
    ("20~", Key::F9),
    ("21~", Key::F10),
    ("23~", Key::F11),
    ("24~", Key::F12),
    ("Z", Key::Tab),
];

/// The keys in some bytes from the terminal. A sequence comes in one piece; a lone ESC is the key.
pub(super) fn decode(bytes: &[u8]) -> Vec<Typed> {
    let mut typed = Vec::new();
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let strokes = match *first {
            LEAVE => {
                typed.push(Typed::Leave);
                continue;
            }
            ESCAPE => {
                let (strokes, used) = escaped(rest);
                rest = &rest[used..];
                strokes
            }
            byte if byte.is_ascii() => keys_for_char(char::from(byte)),
            // Beyond ASCII no key is known to be there.
            _ => Vec::new(),
        };
        if !strokes.is_empty() {
            typed.push(Typed::Keys(strokes));
        }
    }
    typed
}

/// The keys of what follows an ESC, and how many bytes that is.
fn escaped(rest: &[u8]) -> (Vec<Stroke>, usize) {
    let Some(first) = rest.first() else { return (keys_for_char('\u{1B}'), 0) };
    if matches!(first, b'[' | b'O') {
        let found = SEQUENCES.iter().find(|(text, _)| rest[1..].starts_with(text.as_bytes()));
        return match found {
            Some((text, key)) => (vec![(*key, true), (*key, false)], 1 + text.len()),
            None => (Vec::new(), unknown_len(rest)),
        };
    }
    if !first.is_ascii_graphic() {
        return (keys_for_char('\u{1B}'), 0);
    }
    // ESC before a character is Alt.
    let mut strokes = vec![(Key::LeftAlt, true)];
    strokes.extend(keys_for_char(char::from(*first)));
    strokes.push((Key::LeftAlt, false));
    (strokes, 1)
}

/// Length of a control sequence that no key is known for: up to its final byte.
fn unknown_len(rest: &[u8]) -> usize {
    let end = rest[1..].iter().position(|byte| (0x40..=0x7E).contains(byte));
    end.map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<String> {
        let name = |typed| match typed {
            Typed::Leave => "leave".to_owned(),
            Typed::Keys(strokes) => {
                let down = strokes.iter().filter(|(_, down)| *down).map(|(key, _)| key.name());
                down.collect::<Vec<_>>().join("+")
            }
        };
        decode(bytes).into_iter().map(name).collect()
    }

    #[test]
    fn characters_sequences_and_the_way_out() {
        assert_eq!(names(b"aA\r\x03"), ["a", "shift+a", "enter", "ctrl+c"]);
        assert_eq!(names(b"\x1b[A\x1bOP\x1b[24~x"), ["up", "f1", "f12", "x"]);
        assert_eq!(names(b"\x1b"), ["esc"]);
        assert_eq!(names(b"\x1b\r"), ["esc", "enter"]);
        assert_eq!(names(b"\x1bx"), ["alt+x"]);
        assert_eq!(names(b"\x1b[1;5Ay"), ["y"], "an unknown sequence is no typing");
        assert_eq!(names(b"\x1b["), [] as [&str; 0]);
        assert_eq!(names("é\u{1D}".as_bytes()), ["leave"]);
    }
}
