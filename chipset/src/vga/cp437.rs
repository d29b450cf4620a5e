//! Code page 437, the character set of the PC's display adapters, as Unicode.
//! IBM *Code Page 437*, with the graphic characters that the adapters show for codes 0 to 31 and 127.

/// The characters of all 256 codes, in order.
const TABLE: &str = "\u{0}☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼ !\"#$%&'()*+,-./0123456789:;<=>?\
@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~⌂\
ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

/// The character of a code; codes that show nothing are spaces.
pub(crate) fn character(code: u8) -> char {
    match code {
        0 | 0xFF => ' ',
        0x20..=0x7E => char::from(code),
        _ => TABLE.chars().nth(usize::from(code)).unwrap_or(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_character() {
        assert_eq!(TABLE.chars().count(), 256);
        let mut all: Vec<char> = TABLE.chars().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 256);
        assert_eq!([0x80, 0xB0, 0xC4, 0xDB, 0xE1, 0xFE].map(character), ['Ç', '░', '─', '█', 'ß', '■']);
        assert!((0x20..0x7F).all(|code| TABLE.chars().nth(usize::from(code)) == Some(char::from(code))));
    }
}
