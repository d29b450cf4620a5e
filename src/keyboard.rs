//! Keys by name, as scripts and the debugger name them: one, or several joined by `-` as in `ctrl-alt-delete`.

use ringwalk_chipset::{Key, keys_for_char};

/// A key and whether it goes down.
pub type Stroke = (Key, bool);

/// The strokes that type a text; the error is the first character that is on no key of a US keyboard.
pub fn strokes_of_text(text: &str) -> Result<Vec<Stroke>, char> {
    let mut strokes = Vec::new();
    for character in text.chars() {
        let keys = keys_for_char(character);
        if keys.is_empty() {
            return Err(character);
        }
        strokes.extend(keys);
    }
    Ok(strokes)
}

/// The strokes that press keys one after the other and release them in the opposite order. `None` for unknown names.
pub fn strokes_of_name(name: &str) -> Option<Vec<Stroke>> {
    let keys: Vec<Key> = match Key::named(name) {
        Some(key) => vec![key],
        None => name.split('-').map(Key::named).collect::<Option<_>>()?,
    };
    let down = keys.iter().map(|key| (*key, true));
    let up = keys.iter().rev().map(|key| (*key, false));
    Some(down.chain(up).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_joined() {
        let strokes = strokes_of_name("Ctrl-alt-delete").expect("known keys");
        let keys = [Key::LeftCtrl, Key::LeftAlt, Key::Delete];
        let down = keys.map(|key| (key, true));
        let up = [keys[2], keys[1], keys[0]].map(|key| (key, false));
        assert_eq!(strokes, [down, up].concat());
        assert_eq!(strokes_of_name("-").map(|strokes| strokes.len()), Some(2));
        assert_eq!(strokes_of_name("hyper"), None);
        assert_eq!(strokes_of_name(""), None);
    }

    #[test]
    fn texts_name_what_cannot_be_typed() {
        assert_eq!(strokes_of_text("aé"), Err('é'));
        assert_eq!(strokes_of_text("A").map(|strokes| strokes.len()), Ok(4));
    }
}
