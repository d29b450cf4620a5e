//! From characters and key names to what a US keyboard sends: scan code set 2.
//! *IBM Personal System/2 Hardware Interface Technical Reference*, "101/102-Key Keyboard Scan Codes", set 2.

/// A key's make and break codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stroke {
    /// What the keyboard sends when the keys go down, in order.
    pub down: Vec<u8>,
    /// What it sends when they come up again.
    pub up: Vec<u8>,
}

/// Before the second byte of keys that the 84-key keyboard lacked.
const EXTENDED: u8 = 0xE0;
/// Before a break code.
const BREAK: u8 = 0xF0;
const LEFT_SHIFT: &[u8] = &[0x12];

/// Keys that print: unshifted character, shifted character, code.
const PRINTING: [(char, char, u8); 48] = [
    ('`', '~', 0x0E),
    ('1', '!', 0x16),
    ('2', '@', 0x1E),
    ('3', '#', 0x26),
    ('4', '$', 0x25),
    ('5', '%', 0x2E),
    ('6', '^', 0x36),
    ('7', '&', 0x3D),
    ('8', '*', 0x3E),
    ('9', '(', 0x46),
    ('0', ')', 0x45),
    ('-', '_', 0x4E),
    ('=', '+', 0x55),
    ('q', 'Q', 0x15),
    ('w', 'W', 0x1D),
    ('e', 'E', 0x24),
    ('r', 'R', 0x2D),
    ('t', 'T', 0x2C),
    ('y', 'Y', 0x35),
    ('u', 'U', 0x3C),
    ('i', 'I', 0x43),
    ('o', 'O', 0x44),
    ('p', 'P', 0x4D),
    ('[', '{', 0x54),
    (']', '}', 0x5B),
    ('\\', '|', 0x5D),
    ('a', 'A', 0x1C),
    ('s', 'S', 0x1B),
    ('d', 'D', 0x23),
    ('f', 'F', 0x2B),
    ('g', 'G', 0x34),
    ('h', 'H', 0x33),
    ('j', 'J', 0x3B),
    ('k', 'K', 0x42),
    ('l', 'L', 0x4B),
    (';', ':', 0x4C),
    ('\'', '"', 0x52),
    ('z', 'Z', 0x1A),
    ('x', 'X', 0x22),
    ('c', 'C', 0x21),
    ('v', 'V', 0x2A),
    ('b', 'B', 0x32),
    ('n', 'N', 0x31),
    ('m', 'M', 0x3A),
    (',', '<', 0x41),
    ('.', '>', 0x49),
    ('/', '?', 0x4A),
    (' ', ' ', 0x29),
];

/// Keys by name.
const NAMED: [(&str, &[u8]); 59] = [
    ("enter", &[0x5A]),
    ("esc", &[0x76]),
    ("escape", &[0x76]),
    ("backspace", &[0x66]),
    ("tab", &[0x0D]),
    ("space", &[0x29]),
    ("capslock", &[0x58]),
    ("numlock", &[0x77]),
    ("scrolllock", &[0x7E]),
    ("shift", LEFT_SHIFT),
    ("rshift", &[0x59]),
    ("ctrl", &[0x14]),
    ("rctrl", &[EXTENDED, 0x14]),
    ("alt", &[0x11]),
    ("altgr", &[EXTENDED, 0x11]),
    ("win", &[EXTENDED, 0x1F]),
    ("menu", &[EXTENDED, 0x2F]),
    ("f1", &[0x05]),
    ("f2", &[0x06]),
    ("f3", &[0x04]),
    ("f4", &[0x0C]),
    ("f5", &[0x03]),
    ("f6", &[0x0B]),
    ("f7", &[0x83]),
    ("f8", &[0x0A]),
    ("f9", &[0x01]),
    ("f10", &[0x09]),
    ("f11", &[0x78]),
    ("f12", &[0x07]),
    ("insert", &[EXTENDED, 0x70]),
    ("ins", &[EXTENDED, 0x70]),
    ("delete", &[EXTENDED, 0x71]),
    ("del", &[EXTENDED, 0x71]),
    ("home", &[EXTENDED, 0x6C]),
    ("end", &[EXTENDED, 0x69]),
    ("pageup", &[EXTENDED, 0x7D]),
    ("pagedown", &[EXTENDED, 0x7A]),
    ("up", &[EXTENDED, 0x75]),
    ("down", &[EXTENDED, 0x72]),
    ("left", &[EXTENDED, 0x6B]),
    ("right", &[EXTENDED, 0x74]),
    ("kp0", &[0x70]),
    ("kp1", &[0x69]),
    ("kp2", &[0x72]),
    ("kp3", &[0x7A]),
    ("kp4", &[0x6B]),
    ("kp5", &[0x73]),
    ("kp6", &[0x74]),
    ("kp7", &[0x6C]),
    ("kp8", &[0x75]),
    ("kp9", &[0x7D]),
    ("kpenter", &[EXTENDED, 0x5A]),
    ("kpplus", &[0x79]),
    ("kpminus", &[0x7B]),
    ("kpstar", &[0x7C]),
    ("kpslash", &[EXTENDED, 0x4A]),
    ("kpdot", &[0x71]),
    ("sysrq", &[0x84]),
    ("less", &[0x61]),
];

/// Print Screen is two keys at once.
const PRINT: [[u8; 2]; 2] = [[EXTENDED, 0x12], [EXTENDED, 0x7C]];
/// Pause sends make and break at once and nothing when it comes up.
const PAUSE: [u8; 8] = [0xE1, 0x14, 0x77, 0xE1, BREAK, 0x14, BREAK, 0x77];

/// What typing a character sends. `\n` is Enter, `\t` Tab, `\u{8}` Backspace, `\u{1B}` Esc, other control characters
/// are Ctrl with their letter. `None` for what a US keyboard cannot type.
pub fn stroke_of_char(character: char) -> Option<Stroke> {
    let named = |name| stroke_of_keys(&[codes_of_name(name)?]);
    match character {
        '\n' | '\r' => named("enter"),
        '\t' => named("tab"),
        '\u{8}' | '\u{7F}' => named("backspace"),
        '\u{1B}' => named("esc"),
        '\u{1}'..='\u{1A}' => {
            // Bits 6 and 5 tell a control character from its small letter.
            let letter = (character as u8 | 0x60) as char;
            stroke_of_keys(&[codes_of_name("ctrl")?, codes_of_printing(letter)?])
        }
        _ => {
            let (_, shifted, code) =
                *PRINTING.iter().find(|(plain, shifted, _)| [*plain, *shifted].contains(&character))?;
            let shift = (shifted == character && character != ' ').then(|| LEFT_SHIFT.to_vec());
            let keys: Vec<_> = shift.into_iter().chain([vec![code]]).collect();
            stroke_of_keys(&keys)
        }
    }
}

/// What pressing a key, or keys joined by `-` as in `ctrl-alt-delete`, sends. `None` for an unknown name.
pub fn stroke_of_name(name: &str) -> Option<Stroke> {
    let name = name.to_lowercase();
    match name.as_str() {
        "pause" => {
            let (down, up) = (PAUSE.to_vec(), Vec::new());
            return Some(Stroke { down, up });
        }
        "print" => return stroke_of_keys(&PRINT.map(Vec::from)),
        _ => {}
    }
    if let Some(codes) = codes_of_one(&name) {
        return stroke_of_keys(&[codes]);
    }
    let keys: Option<Vec<_>> = name.split('-').map(codes_of_one).collect();
    stroke_of_keys(&keys?)
}

/// Every name of a key that has one.
pub fn key_names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(name, _)| *name).chain(["print", "pause"])
}

fn codes_of_one(name: &str) -> Option<Vec<u8>> {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => codes_of_printing(only),
        _ => codes_of_name(name),
    }
}

fn codes_of_name(name: &str) -> Option<Vec<u8>> {
    let (_, codes) = NAMED.iter().find(|(known, _)| *known == name)?;
    Some(codes.to_vec())
}

fn codes_of_printing(character: char) -> Option<Vec<u8>> {
    let (_, _, code) = PRINTING.iter().find(|(plain, _, _)| *plain == character)?;
    Some(vec![*code])
}

/// Keys pressed one after the other and released in the opposite order.
fn stroke_of_keys(keys: &[Vec<u8>]) -> Option<Stroke> {
    let down = keys.concat();
    let up = keys.iter().rev().flat_map(|codes| break_codes(codes)).collect();
    (!down.is_empty()).then_some(Stroke { down, up })
}

/// F0h before the code, behind its E0h.
fn break_codes(make: &[u8]) -> Vec<u8> {
    let before = |code: &u8| if *code == EXTENDED { None } else { Some(BREAK) };
    make.iter().flat_map(|code| before(code).into_iter().chain([*code])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down_up(stroke: Option<Stroke>) -> (Vec<u8>, Vec<u8>) {
        let stroke = stroke.expect("a known key");
        (stroke.down, stroke.up)
    }

    #[test]
    fn characters_take_shift_and_ctrl() {
        assert_eq!(down_up(stroke_of_char('a')), (vec![0x1C], vec![0xF0, 0x1C]));
        assert_eq!(down_up(stroke_of_char('A')), (vec![0x12, 0x1C], vec![0xF0, 0x1C, 0xF0, 0x12]));
        assert_eq!(down_up(stroke_of_char('\u{3}')), (vec![0x14, 0x21], vec![0xF0, 0x21, 0xF0, 0x14]));
        assert_eq!(down_up(stroke_of_char(' ')), (vec![0x29], vec![0xF0, 0x29]));
        assert_eq!(stroke_of_char('é'), None);
    }

    #[test]
    fn every_character_of_ascii_can_be_typed() {
        for character in (' '..='~').chain(['\n', '\t', '\u{8}', '\u{1B}', '\u{1}']) {
            assert!(stroke_of_char(character).is_some(), "{character:?}");
        }
    }

    #[test]
    fn names_may_be_joined() {
        assert_eq!(down_up(stroke_of_name("Up")), (vec![0xE0, 0x75], vec![0xE0, 0xF0, 0x75]));
        let (down, up) = down_up(stroke_of_name("ctrl-alt-delete"));
        assert_eq!(down, [0x14, 0x11, 0xE0, 0x71]);
        assert_eq!(up, [0xE0, 0xF0, 0x71, 0xF0, 0x11, 0xF0, 0x14]);
        assert_eq!(down_up(stroke_of_name("-")).0, [0x4E]);
        assert_eq!(down_up(stroke_of_name("pause")).1, []);
        assert_eq!(stroke_of_name("hyper"), None);
        assert_eq!(stroke_of_name(""), None);
    }

    #[test]
    fn print_screen_comes_up_in_the_opposite_order() {
        let (_, up) = down_up(stroke_of_name("print"));
        assert_eq!(up, [0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12]);
    }
}
