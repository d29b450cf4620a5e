//! Splits a command's arguments into tokens.

use crate::error::Error;

/// One token of a command's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name, or digits: what it means depends on where it stands.
    Word(String),
    /// Text in double or single quotes.
    Quoted(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// A token and the column it starts at, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The token.
    pub token: Token,
    /// Its first byte in the text.
    pub start: usize,
}

/// Longer signs first: the first that matches is taken.
const SIGNS: [&str; 27] = [
    "<<", ">>", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "=", "&", "|", "^", "~", "!", "+", "-", "*", "/", "%",
    "(", ")", "[", "]", ":", ",",
];

/// All tokens of a text.
pub fn tokens(text: &str) -> Result<Vec<Placed>, Error> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let (token, end) = if first.is_whitespace() {
            start += first.len_utf8();
            continue;
        } else if is_word(first) {
            let end = word_end(text, start);
            (Token::Word(text[start..end].to_string()), end)
        } else if first == '"' || first == '\'' {
            quoted(text, start, first)?
        } else {
            let sign = SIGNS.iter().find(|sign| text[start..].starts_with(**sign));
            let sign = sign.ok_or_else(|| Error::Expression {
                text: text.to_string(),
                column: start + 1,
                problem: format!("`{first}` has no meaning here"),
            })?;
            (Token::Sign(sign), start + sign.len())
        };
        found.push(Placed { token, start });
        start = end;
    }
    Ok(found)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.')
}

fn word_end(text: &str, start: usize) -> usize {
    let rest = text[start..].char_indices().find(|(_, letter)| !is_word(*letter));
    rest.map_or(text.len(), |(offset, _)| start + offset)
}

fn quoted(text: &str, start: usize, quote: char) -> Result<(Token, usize), Error> {
    let (inside, bytes) = unquote(&text[start + 1..], quote).ok_or_else(|| Error::Expression {
        text: text.to_string(),
        column: start + 1,
        problem: "the quote has no end".to_string(),
    })?;
    Ok((Token::Quoted(inside), start + 1 + bytes))
}

/// The text up to the closing quote with its escapes (`\n \t \r \e \\ \" \'`) resolved, and the bytes it took with
/// the quote; `None` if the quote does not close.
pub fn unquote(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((inside, at + letter.len_utf8())),
            '\\' => inside.push(escape(letters.next()?.1)),
            _ => inside.push(letter),
        }
    }
    None
}

fn escape(letter: char) -> char {
    match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'e' => '\u{1b}',
        other => other,
    }
}

/// Splits a line at the semicolons outside quotes; a `#` at the start of a command makes the rest a comment.
pub fn commands(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quote, mut escaped) = (0, None, false);
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if line[start..at].trim().is_empty() => return parts,
            (None, ';') => {
                parts.push(line[start..at].trim());
                start = at + 1;
            }
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if letter == open && !escaped => quote = None,
            _ => (),
        }
        escaped = quote.is_some() && letter == '\\' && !escaped;
    }
    parts.push(line[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_part_commands_outside_quotes() {
        assert_eq!(commands("s; c ;; q"), ["s", "c", "q"]);
        assert_eq!(commands(r#"type "a;b\";c"; s"#), [r#"type "a;b\";c""#, "s"]);
        assert_eq!(commands("s; # the rest; is a comment"), ["s"]);
        assert!(commands("  # nothing").is_empty());
        assert!(commands(" ").is_empty());
    }

    #[test]
    fn words_signs_and_quotes() {
        let text: Vec<Token> =
            tokens("ds:si+4 <= 0x10 \"a\\nb\"").unwrap().into_iter().map(|placed| placed.token).collect();
        let word = |text: &str| Token::Word(text.to_string());
        let wanted = [
            word("ds"),
            Token::Sign(":"),
            word("si"),
            Token::Sign("+"),
            word("4"),
            Token::Sign("<="),
            word("0x10"),
            Token::Quoted("a\nb".to_string()),
        ];
        assert_eq!(text, wanted);
        assert!(tokens("\"open").unwrap_err().to_string().contains("no end"));
        assert!(tokens("a @ b").unwrap_err().to_string().contains("column 3"));
    }
}
