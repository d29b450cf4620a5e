//! The keys of a PC's keyboard: their names, scan codes, and the characters on them (US layout).
//!
//! IBM *PS/2 Hardware Interface Technical Reference: Keyboards (101- and 102-Key)* (1990), "Scan Codes Tables"; the
//! Windows keys from Microsoft *Keyboard Scan Code Specification* 1.3a. Scan code set 1 is set 2 translated.

use serde::{Deserialize, Serialize};

/// A key, by what a US keyboard has on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the words on the keys")]
pub enum Key {
    Escape,
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
    PrintScreen,
    ScrollLock,
    Pause,
    Grave,
    Digit1,
    Digit2,
    Digit3,
    Digit4,
    Digit5,
    Digit6,
    Digit7,
    Digit8,
    Digit9,
    Digit0,
    Minus,
    Equal,
    Backspace,
    Tab,
    Q,
    W,
    E,
    R,
    T,
    Y,
    U,
    I,
    O,
    P,
    LeftBracket,
    RightBracket,
    Backslash,
    CapsLock,
    A,
    S,
    D,
    F,
    G,
    H,
    J,
    K,
    L,
    Semicolon,
    Quote,
    Enter,
    LeftShift,
    Iso,
    Z,
    X,
    C,
    V,
    B,
    N,
    M,
    Comma,
    Period,
    Slash,
    RightShift,
    LeftCtrl,
    LeftMeta,
    LeftAlt,
    Space,
    RightAlt,
    RightMeta,
    Menu,
    RightCtrl,
    Insert,
    Home,
    PageUp,
    Delete,
    End,
    PageDown,
    Up,
    Left,
    Down,
    Right,
    NumLock,
    KeypadSlash,
    KeypadStar,
    KeypadMinus,
    KeypadPlus,
    KeypadEnter,
    KeypadPeriod,
    Keypad0,
    Keypad1,
    Keypad2,
    Keypad3,
    Keypad4,
    Keypad5,
    Keypad6,
    Keypad7,
    Keypad8,
    Keypad9,
}

/// What is known of a key.
struct Row {
    key: Key,
    name: &'static str,
    /// Scan code set 2; E0xxh for the codes with a prefix.
    set2: u16,
    /// Scan code set 3.
    set3: u8,
    /// The character without and with shift.
    chars: Option<(char, char)>,
}

const fn key(key: Key, name: &'static str, set2: u16, set3: u8) -> Row {
    Row { key, name, set2, set3, chars: None }
}

const fn char_key(key: Key, name: &'static str, set2: u16, set3: u8, plain: char, shifted: char) -> Row {
    Row { key, name, set2, set3, chars: Some((plain, shifted)) }
}

/// All keys, in the order of [`Key`].
const KEYS: [Row; 105] = [
    key(Key::Escape, "esc", 0x76, 0x08),
    key(Key::F1, "f1", 0x05, 0x07),
    key(Key::F2, "f2", 0x06, 0x0F),
    key(Key::F3, "f3", 0x04, 0x17),
    key(Key::F4, "f4", 0x0C, 0x1F),
    key(Key::F5, "f5", 0x03, 0x27),
    key(Key::F6, "f6", 0x0B, 0x2F),
    key(Key::F7, "f7", 0x83, 0x37),
    key(Key::F8, "f8", 0x0A, 0x3F),
    key(Key::F9, "f9", 0x01, 0x47),
    key(Key::F10, "f10", 0x09, 0x4F),
    key(Key::F11, "f11", 0x78, 0x56),
    key(Key::F12, "f12", 0x07, 0x5E),
    key(Key::PrintScreen, "print", 0xE07C, 0x57),
    key(Key::ScrollLock, "scroll", 0x7E, 0x5F),
    key(Key::Pause, "pause", 0xE077, 0x62),
    char_key(Key::Grave, "`", 0x0E, 0x0E, '`', '~'),
    char_key(Key::Digit1, "1", 0x16, 0x16, '1', '!'),
    char_key(Key::Digit2, "2", 0x1E, 0x1E, '2', '@'),
    char_key(Key::Digit3, "3", 0x26, 0x26, '3', '#'),
    char_key(Key::Digit4, "4", 0x25, 0x25, '4', '$'),
    char_key(Key::Digit5, "5", 0x2E, 0x2E, '5', '%'),
    char_key(Key::Digit6, "6", 0x36, 0x36, '6', '^'),
    char_key(Key::Digit7, "7", 0x3D, 0x3D, '7', '&'),
    char_key(Key::Digit8, "8", 0x3E, 0x3E, '8', '*'),
    char_key(Key::Digit9, "9", 0x46, 0x46, '9', '('),
    char_key(Key::Digit0, "0", 0x45, 0x45, '0', ')'),
    char_key(Key::Minus, "-", 0x4E, 0x4E, '-', '_'),
    char_key(Key::Equal, "=", 0x55, 0x55, '=', '+'),
    key(Key::Backspace, "backspace", 0x66, 0x66),
    key(Key::Tab, "tab", 0x0D, 0x0D),
    char_key(Key::Q, "q", 0x15, 0x15, 'q', 'Q'),
    char_key(Key::W, "w", 0x1D, 0x1D, 'w', 'W'),
    char_key(Key::E, "e", 0x24, 0x24, 'e', 'E'),
    char_key(Key::R, "r", 0x2D, 0x2D, 'r', 'R'),
    char_key(Key::T, "t", 0x2C, 0x2C, 't', 'T'),
    char_key(Key::Y, "y", 0x35, 0x35, 'y', 'Y'),
    char_key(Key::U, "u", 0x3C, 0x3C, 'u', 'U'),
    char_key(Key::I, "i", 0x43, 0x43, 'i', 'I'),
    char_key(Key::O, "o", 0x44, 0x44, 'o', 'O'),
    char_key(Key::P, "p", 0x4D, 0x4D, 'p', 'P'),
    char_key(Key::LeftBracket, "[", 0x54, 0x54, '[', '{'),
    char_key(Key::RightBracket, "]", 0x5B, 0x5B, ']', '}'),
    char_key(Key::Backslash, "\\", 0x5D, 0x5C, '\\', '|'),
    key(Key::CapsLock, "caps", 0x58, 0x14),
    char_key(Key::A, "a", 0x1C, 0x1C, 'a', 'A'),
    char_key(Key::S, "s", 0x1B, 0x1B, 's', 'S'),
    char_key(Key::D, "d", 0x23, 0x23, 'd', 'D'),
    char_key(Key::F, "f", 0x2B, 0x2B, 'f', 'F'),
    char_key(Key::G, "g", 0x34, 0x34, 'g', 'G'),
    char_key(Key::H, "h", 0x33, 0x33, 'h', 'H'),
    char_key(Key::J, "j", 0x3B, 0x3B, 'j', 'J'),
    char_key(Key::K, "k", 0x42, 0x42, 'k', 'K'),
    char_key(Key::L, "l", 0x4B, 0x4B, 'l', 'L'),
    char_key(Key::Semicolon, ";", 0x4C, 0x4C, ';', ':'),
    char_key(Key::Quote, "'", 0x52, 0x52, '\'', '"'),
    key(Key::Enter, "enter", 0x5A, 0x5A),
    key(Key::LeftShift, "shift", 0x12, 0x12),
    key(Key::Iso, "iso", 0x61, 0x13),
    char_key(Key::Z, "z", 0x1A, 0x1A, 'z', 'Z'),
    char_key(Key::X, "x", 0x22, 0x22, 'x', 'X'),
    char_key(Key::C, "c", 0x21, 0x21, 'c', 'C'),
    char_key(Key::V, "v", 0x2A, 0x2A, 'v', 'V'),
    char_key(Key::B, "b", 0x32, 0x32, 'b', 'B'),
    char_key(Key::N, "n", 0x31, 0x31, 'n', 'N'),
    char_key(Key::M, "m", 0x3A, 0x3A, 'm', 'M'),
    char_key(Key::Comma, ",", 0x41, 0x41, ',', '<'),
    char_key(Key::Period, ".", 0x49, 0x49, '.', '>'),
    char_key(Key::Slash, "/", 0x4A, 0x4A, '/', '?'),
    key(Key::RightShift, "rshift", 0x59, 0x59),
    key(Key::LeftCtrl, "ctrl", 0x14, 0x11),
    key(Key::LeftMeta, "meta", 0xE01F, 0x8B),
    key(Key::LeftAlt, "alt", 0x11, 0x19),
    char_key(Key::Space, "space", 0x29, 0x29, ' ', ' '),
    key(Key::RightAlt, "altgr", 0xE011, 0x39),
    key(Key::RightMeta, "rmeta", 0xE027, 0x8C),
    key(Key::Menu, "menu", 0xE02F, 0x8D),
    key(Key::RightCtrl, "rctrl", 0xE014, 0x58),
    key(Key::Insert, "insert", 0xE070, 0x67),
    key(Key::Home, "home", 0xE06C, 0x6E),
    key(Key::PageUp, "pgup", 0xE07D, 0x6F),
    key(Key::Delete, "delete", 0xE071, 0x64),
    key(Key::End, "end", 0xE069, 0x65),
    key(Key::PageDown, "pgdn", 0xE07A, 0x6D),
    key(Key::Up, "up", 0xE075, 0x63),
    key(Key::Left, "left", 0xE06B, 0x61),
    key(Key::Down, "down", 0xE072, 0x60),
    key(Key::Right, "right", 0xE074, 0x6A),
    key(Key::NumLock, "numlock", 0x77, 0x76),
    key(Key::KeypadSlash, "kp/", 0xE04A, 0x77),
    key(Key::KeypadStar, "kp*", 0x7C, 0x7E),
    key(Key::KeypadMinus, "kp-", 0x7B, 0x84),
    key(Key::KeypadPlus, "kp+", 0x79, 0x7C),
    key(Key::KeypadEnter, "kpenter", 0xE05A, 0x79),
    key(Key::KeypadPeriod, "kp.", 0x71, 0x71),
    key(Key::Keypad0, "kp0", 0x70, 0x70),
    key(Key::Keypad1, "kp1", 0x69, 0x69),
    key(Key::Keypad2, "kp2", 0x72, 0x72),
    key(Key::Keypad3, "kp3", 0x7A, 0x7A),
    key(Key::Keypad4, "kp4", 0x6B, 0x6B),
    key(Key::Keypad5, "kp5", 0x73, 0x73),
    key(Key::Keypad6, "kp6", 0x74, 0x74),
    key(Key::Keypad7, "kp7", 0x6C, 0x6C),
    key(Key::Keypad8, "kp8", 0x75, 0x75),
    key(Key::Keypad9, "kp9", 0x7D, 0x7D),
];

impl Key {
    fn row(self) -> &'static Row {
        &KEYS[self as usize]
    }

    /// The name that input scripts use: the plain character or a short word, in lower case.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KEYS.iter().map(|row| row.name)
    }

    /// The key with a name, whatever its case.
    pub fn named(name: &str) -> Option<Key> {
        KEYS.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(|row| row.key)
    }

    /// The code of scan code set 2, and whether E0h comes before it.
    pub(crate) fn set2(self) -> (u8, bool) {
        let [prefix, code] = self.row().set2.to_be_bytes();
        (code, prefix != 0)
    }

    /// The code of scan code set 3.
    pub(crate) fn set3(self) -> u8 {
        self.row().set3
    }
}

/// The strokes, down and up, that type a character on a US keyboard; none if it has no key.
///
/// Line feed and carriage return are Enter, DEL is Backspace, and the other control characters are Ctrl with their
/// letter, as a terminal sends them.
pub fn keys_for_char(c: char) -> Vec<(Key, bool)> {
    let (modifier, key) = match c {
        '\n' | '\r' => (None, Key::Enter),
        '\t' => (None, Key::Tab),
        '\x08' | '\x7F' => (None, Key::Backspace),
        '\x1B' => (None, Key::Escape),
        '\0' => (Some(Key::LeftCtrl), Key::Space),
        '\x01'..='\x1F' => match key_of(|(plain, _)| plain.to_ascii_uppercase() as u32 == c as u32 + 0x40) {
            Some(key) => (Some(Key::LeftCtrl), key),
            None => return Vec::new(),
        },
        _ => match (key_of(|(plain, _)| plain == c), key_of(|(_, shifted)| shifted == c)) {
            (Some(key), _) => (None, key),
            (None, Some(key)) => (Some(Key::LeftShift), key),
            (None, None) => return Vec::new(),
        },
    };
    let mut strokes = vec![(key, true), (key, false)];
    if let Some(modifier) = modifier {
        strokes.insert(0, (modifier, true));
        strokes.push((modifier, false));
    }
    strokes
}

/// The strokes, down and up, that whole scan codes of set 2 tell. Codes of no key (the shifts that a keyboard adds
/// around Print Screen) are left out.
pub fn keys_of_set2(codes: &[u8]) -> Vec<(Key, bool)> {
    const PAUSE_DOWN: [u8; 3] = [0xE1, 0x14, 0x77];
    const PAUSE_UP: [u8; 5] = [0xE1, 0xF0, 0x14, 0xF0, 0x77];
    let mut strokes = Vec::new();
    let mut rest = codes;
    let (mut extended, mut pressed) = (false, true);
    while let [code, after @ ..] = rest {
        let pause = [(&PAUSE_DOWN[..], true), (&PAUSE_UP[..], false)].into_iter();
        if let Some((codes, pressed)) = pause.into_iter().find(|(codes, _)| rest.starts_with(codes)) {
            strokes.push((Key::Pause, pressed));
            rest = &rest[codes.len()..];
            continue;
        }
        match code {
            0xE0 => extended = true,
            0xF0 => pressed = false,
            code => {
                let row = KEYS.iter().find(|row| row.key.set2() == (*code, extended));
                strokes.extend(row.map(|row| (row.key, pressed)));
                (extended, pressed) = (false, true);
            }
        }
        rest = after;
    }
    strokes
}

fn key_of(matches: impl Fn((char, char)) -> bool) -> Option<Key> {
    KEYS.iter().find(|row| row.chars.is_some_and(&matches)).map(|row| row.key)
}

/// What the 8042 makes of a byte in scan code set 2: the code of set 1. Bytes above 84h pass as they are.
/// IBM *PC/AT Technical Reference* (6183310), section 1, "Keyboard Controller", scan code translation.
pub(crate) fn translate(code: u8) -> u8 {
    TRANSLATION.get(usize::from(code)).copied().unwrap_or(code)
}

#[rustfmt::skip]
const TRANSLATION: [u8; 0x85] = [
    0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
    0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
    0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
    0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
    0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
    0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_names_and_codes_are_unique() {
        for (index, row) in KEYS.iter().enumerate() {
            assert_eq!(row.key as usize, index, "{:?}", row.key);
            for other in &KEYS[..index] {
                assert!(other.name != row.name && other.set2 != row.set2 && other.set3 != row.set3, "{:?}", row.key);
            }
        }
        assert_eq!(Key::named("F11"), Some(Key::F11));
        assert_eq!(Key::named("nokey"), None);
    }

    #[test]
    fn codes_of_set_2_are_keys_again() {
        for row in KEYS.iter().filter(|row| row.key != Key::Pause) {
            let (code, extended) = row.key.set2();
            let prefix = extended.then_some(0xE0).into_iter();
            let down: Vec<u8> = prefix.clone().chain([code]).collect();
            let up: Vec<u8> = prefix.chain([0xF0, code]).collect();
            assert_eq!(keys_of_set2(&[down, up].concat()), [(row.key, true), (row.key, false)]);
        }
        let pause = keys_of_set2(&[0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77]);
        assert_eq!(pause, [(Key::Pause, true), (Key::Pause, false)]);
        assert_eq!(keys_of_set2(&[0xE0, 0x12, 0xE0, 0x7C]), [(Key::PrintScreen, true)]);
    }

    /// Set 1 of the 83-key part is the number of the key, row by row: IBM PC/AT Technical Reference, "Scan Codes".
    #[test]
    fn translation_gives_the_codes_of_the_first_pc() {
        let rows = "esc 1 2 3 4 5 6 7 8 9 0 - = backspace tab q w e r t y u i o p [ ] enter ctrl a s d f g h j k l \
                    ; ' ` shift \\ z x c v b n m , . / rshift kp* alt space caps f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 numlock \
                    scroll kp7 kp8 kp9 kp- kp4 kp5 kp6 kp+ kp1 kp2 kp3 kp0 kp.";
        for (index, name) in rows.split_whitespace().enumerate() {
            let (code, extended) = Key::named(name).expect(name).set2();
            assert_eq!((translate(code), extended), (index as u8 + 1, false), "{name}");
        }
        assert_eq!([0x61, 0x78, 0x07, 0x84].map(translate), [0x56, 0x57, 0x58, 0x54], "102nd key, F11, F12, SysRq");
        assert_eq!([0xAA, 0xFA, 0xE0, 0xE1].map(translate), [0xAA, 0xFA, 0xE0, 0xE1]);
    }

    #[test]
    fn characters() {
        assert_eq!(keys_for_char('a'), [(Key::A, true), (Key::A, false)]);
        let shifted = |key| vec![(Key::LeftShift, true), (key, true), (key, false), (Key::LeftShift, false)];
        assert_eq!(keys_for_char('Q'), shifted(Key::Q));
        assert_eq!(keys_for_char('|'), shifted(Key::Backslash));
        assert_eq!(keys_for_char('\x03')[..2], [(Key::LeftCtrl, true), (Key::C, true)]);
        assert_eq!(keys_for_char('\x1C')[..2], [(Key::LeftCtrl, true), (Key::Backslash, true)]);
        assert_eq!(keys_for_char('é'), []);
        for c in (' '..='~').chain("\r\n\t\x1B".chars()) {
            assert!(!keys_for_char(c).is_empty(), "{c:?} can be typed");
        }
    }
}
