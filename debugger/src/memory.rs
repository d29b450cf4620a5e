//! `x`: memory in any space and any shape.

use serde::Serialize;

use crate::error::Error;
use crate::expression::number;
use crate::page::{Page, Show};
use crate::space::{Address, Everywhere};
use crate::stack::number_or_marks;
use crate::target::Target;

/// Bytes that one command shows at most.
pub const MOST_BYTES: u32 = 1 << 20;

/// How memory is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Bytes and their characters, 16 in a line.
    Dump,
    /// Hexadecimal numbers.
    Hex,
    /// Decimal numbers.
    Decimal,
    /// Octal numbers.
    Octal,
    /// Binary numbers.
    Binary,
    /// Signed decimal numbers.
    Signed,
    /// Characters.
    Character,
    /// A string that ends with a zero byte.
    Text,
    /// Instructions.
    Code,
}

/// A format as in `x/8xb`: how many, in which shape, of how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Format {
    /// Units to show; for [`Shape::Dump`] bytes.
    pub count: u32,
    /// Their shape.
    pub shape: Shape,
    /// Bytes of a unit.
    pub bytes: u32,
}

/// What `x` shows without a format.
pub const DUMP: Format = Format { count: 64, shape: Shape::Dump, bytes: 1 };

impl Format {
    /// Reads a format: `8xb`, `4i`, `s`; letters in any order behind the count, gdb's letters.
    pub fn parse(text: &str) -> Result<Format, Error> {
        let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let count = if digits == 0 { None } else { number(&text[..digits]).ok() };
        let (mut shape, mut bytes) = (None, None);
        for letter in text[digits..].chars() {
            match letter {
                'x' => shape = Some(Shape::Hex),
                'u' => shape = Some(Shape::Decimal),
                'o' => shape = Some(Shape::Octal),
                't' => shape = Some(Shape::Binary),
                'd' => shape = Some(Shape::Signed),
                'c' => shape = Some(Shape::Character),
                's' => shape = Some(Shape::Text),
                'i' => shape = Some(Shape::Code),
                'm' => shape = Some(Shape::Dump),
                'b' => bytes = Some(1),
                'h' => bytes = Some(2),
                'w' => bytes = Some(4),
                'g' => bytes = Some(8),
                _ => {
                    return Err(Error::Usage {
                        problem: format!("`{letter}` is no format letter"),
                        usage: "x/COUNT with a shape of x d u o t c s i m and a unit of b h w g (1 2 4 8 bytes)".into(),
                    });
                }
            }
        }
        let shape = shape.unwrap_or(if bytes.is_none() { Shape::Dump } else { Shape::Hex });
        let usual = match shape {
            Shape::Dump => 64,
            Shape::Code => 8,
            _ => 1,
        };
        let bytes = bytes.unwrap_or(
            if matches!(shape, Shape::Hex | Shape::Decimal | Shape::Octal | Shape::Binary | Shape::Signed) {
                4
            } else {
                1
            },
        );
        let most = u64::from(MOST_BYTES / bytes);
        let count = count.unwrap_or(usual).clamp(1, most) as u32;
        Ok(Format { count, shape, bytes })
    }
}

/// A piece of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryView {
    /// Where it begins.
    pub address: Everywhere,
    /// Its units; `null` where nothing can be read.
    pub units: Vec<Option<u64>>,
    /// How it is shown.
    pub format: Format,
    /// The text, for strings.
    pub text: Option<String>,
    #[serde(skip)]
    from: Option<Address>,
}

/// Memory from an address on, and the address behind it.
pub fn memory(target: &dyn Target, from: Address, format: Format) -> (MemoryView, Address) {
    let (cpu, bulk) = (target.cpu(), target.memory());
    let mut view =
        MemoryView { address: from.everywhere(cpu, bulk), units: Vec::new(), format, text: None, from: Some(from) };
    if format.shape == Shape::Text {
        let bytes: Vec<u8> =
            (0..4096).map_while(|index| from.plus(index).peek(cpu, bulk).filter(|byte| *byte != 0)).collect();
        view.text = Some(bytes.iter().map(|byte| printable(*byte)).collect());
        return (view, from.plus(bytes.len() as u32 + 1));
    }
    let unit = |index| from.plus(index * format.bytes).peek_number(cpu, bulk, format.bytes);
    view.units = (0..format.count).map(unit).collect();
    (view, from.plus(format.count * format.bytes))
}

fn printable(byte: u8) -> char {
    if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '.' }
}

impl Show for MemoryView {
    fn show(&self, page: &mut Page) {
        let Some(from) = self.from else { return };
        if let Some(text) = &self.text {
            page.line(format!("{}  \"{text}\"", from.text()));
            return;
        }
        let per_line = match self.format.shape {
            Shape::Dump => 16,
            Shape::Binary => (8 / self.format.bytes).max(1),
            _ => (16 / self.format.bytes).max(1),
        };
        for (line, units) in self.units.chunks(per_line as usize).enumerate() {
            let at = from.plus(line as u32 * per_line * self.format.bytes).text();
            let cells: Vec<String> = units.iter().map(|unit| self.cell(*unit)).collect();
            let mut text = format!("{at}  {}", cells.join(" "));
            if self.format.shape == Shape::Dump {
                let letters: String = units.iter().map(|unit| unit.map_or('?', |unit| printable(unit as u8))).collect();
                text = format!("{at}  {:47}  |{letters}|", cells.join(" "));
            }
            page.line(text);
        }
    }
}

impl MemoryView {
    fn cell(&self, unit: Option<u64>) -> String {
        let bits = 8 * self.format.bytes;
        let digits = bits as usize / 4;
        let Some(value) = unit else {
            return number_or_marks(None, digits);
        };
        match self.format.shape {
            Shape::Binary => format!("{value:0width$b}", width = bits as usize),
            Shape::Octal => format!("{value:#o}"),
            Shape::Decimal => format!("{value}"),
            Shape::Signed => format!("{}", (value << (64 - bits)).cast_signed() >> (64 - bits)),
            Shape::Character => format!("'{}'", printable(value as u8)),
            _ => number_or_marks(Some(value), digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn shown(format: &str, from: Address) -> String {
        let mut fake = Fake::new();
        fake.poke(0x500, b"Hello, world\x00\xFE\xFF\x80");
        let (view, _) = memory(&fake, from, Format::parse(format).unwrap());
        let mut page = Page::new(false);
        view.show(&mut page);
        page.finish()
    }

    #[test]
    fn shapes_and_units() {
        let at = Address::Linear(0x500);
        let mut all = String::new();
        for format in ["32m", "4xb", "4xh", "2w", "1g", "3u", "2dh", "2o", "2tb", "5c", "s"] {
            all.push_str(&shown(format, at));
        }
        insta::assert_snapshot!(all, @r#"
        lin 00000500  48 65 6c 6c 6f 2c 20 77 6f 72 6c 64 00 fe ff 80  |Hello, world....|
        lin 00000510  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  |................|
        lin 00000500  48 65 6c 6c
        lin 00000500  6548 6c6c 2c6f 7720
        lin 00000500  6c6c6548 77202c6f
        lin 00000500  77202c6f6c6c6548
        lin 00000500  1819043144 1998597231 1684828783
        lin 00000500  25928 27756
        lin 00000500  0o15433062510 0o16710026157
        lin 00000500  01001000 01100101
        lin 00000500  'H' 'e' 'l' 'l' 'o'
        lin 00000500  "Hello, world"
        "#);
        assert!(Format::parse("8q").is_err());
        assert_eq!(Format::parse("99999999999b").unwrap().count, MOST_BYTES);
    }

    #[test]
    fn the_edge_of_memory_shows_question_marks() {
        insta::assert_snapshot!(shown("16m", Address::Physical(0x9FFF8)), @"phys 0009fff8  00 00 00 00 00 00 00 00 ?? ?? ?? ?? ?? ?? ?? ??  |........????????|");
        insta::assert_snapshot!(shown("2w", Address::Physical(0x9FFFC)), @"phys 0009fffc  00000000 ????????");
    }
}
