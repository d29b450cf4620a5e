//! Reading an input script.

use std::collections::VecDeque;

use super::{Action, Condition, Script};
use crate::keyboard::{strokes_of_name, strokes_of_text};
use ringwalk_chipset::{Key, MouseMove};

use crate::nearest::hint;
use crate::text_match::TextMatch;

/// What is wrong with a script, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ScriptError {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Text(String),
    /// `:` or `;` standing alone, or behind a quoted text.
    Mark(char),
}

/// Reads a script.
pub fn parse(source: &str) -> Result<Script, ScriptError> {
    let mut at: Vec<(u64, Vec<Action>)> = Vec::new();
    let mut when = VecDeque::new();
    for (index, line) in source.lines().enumerate() {
        let in_line = |problem| ScriptError { line: index + 1, problem };
        match parse_line(line).map_err(in_line)? {
            Some(Line::At(position, actions)) => at.push((position, actions)),
            Some(Line::When(condition, actions)) => when.push_back((condition, actions)),
            None => {}
        }
    }
    at.sort_by_key(|(position, _)| *position);
    Ok(Script { at: at.into(), when, looked: 0 })
}

enum Line {
    At(u64, Vec<Action>),
    When(Condition, Vec<Action>),
}

fn parse_line(line: &str) -> Result<Option<Line>, String> {
    let tokens = tokens(line)?;
    let mut rest = tokens.as_slice();
    let Some(first) = take(&mut rest) else { return Ok(None) };
    match first {
        Token::Word(word) if word == "at" => {
            let position = take_text(&mut rest, "'at' needs a position: at 1000000 type \"text\"")?;
            let position = parse_position(&position)?;
            if rest.first() == Some(&Token::Mark(':')) {
                rest = &rest[1..];
            }
            Ok(Some(Line::At(position, parse_actions(rest)?)))
        }
        Token::Word(word) if word == "when" => {
            let condition = parse_condition(&mut rest)?;
            match take(&mut rest) {
                Some(Token::Mark(':')) => {}
                _ => return Err(
                    "a ' : ' must stand between what is waited for and what is done; quote a text that holds blanks"
                        .into(),
                ),
            }
            Ok(Some(Line::When(condition, parse_actions(rest)?)))
        }
        other => Err(unknown(&other, "'at' or 'when'", &["at", "when"])),
    }
}

fn parse_condition(rest: &mut &[Token]) -> Result<Condition, String> {
    let needs = "'when' needs 'serial TEXT' or 'screen TEXT'";
    let source = take(rest).ok_or(needs)?;
    let kind = match &source {
        Token::Word(word) if word == "serial" || word == "screen" => word.clone(),
        other => return Err(unknown(other, "'serial' or 'screen'", &["serial", "screen"])),
    };
    let text = take_text(rest, &format!("'when {kind}' needs a text"))?;
    if text.is_empty() {
        return Err(format!("the text of 'when {kind}' is empty"));
    }
    Ok(match kind.as_str() {
        "serial" => Condition::Serial(TextMatch::new(&text)),
        _ => Condition::Screen(text),
    })
}

fn parse_actions(mut rest: &[Token]) -> Result<Vec<Action>, String> {
    let mut actions = vec![parse_action(&mut rest)?];
    while let Some(token) = take(&mut rest) {
        match token {
            Token::Mark(';') => actions.push(parse_action(&mut rest)?),
            other => {
                return Err(format!(
                    "{} is one too many; ' ; ' parts two actions, and a text that holds blanks is quoted",
                    shown(&other)
                ));
            }
        }
    }
    Ok(actions)
}

fn parse_action(rest: &mut &[Token]) -> Result<Action, String> {
    const WORDS: [&str; 6] = ["type", "key", "serial", "mouse", "wheel", "power"];
    let verb = take(rest)
        .ok_or("an action is missing: type \"text\", key NAME, serial \"text\", mouse DX DY, wheel N or power")?;
    let argument = |rest: &mut &[Token], verb: &str| take_text(rest, &format!("'{verb}' needs something behind it"));
    match verb {
        Token::Word(word) if word == "type" => {
            let text = argument(rest, &word)?;
            match strokes_of_text(&text) {
                Err(character) => Err(format!("{character:?} is on no key of a US keyboard")),
                Ok(_) => Ok(Action::Type(text)),
            }
        }
        Token::Word(word) if word == "key" => {
            let name = argument(rest, &word)?;
            match strokes_of_name(&name) {
                Some(_) => Ok(Action::Key(name)),
                None => Err(format!("no key is called '{name}'{}", hint(&name, Key::names()))),
            }
        }
        Token::Word(word) if word == "serial" => Ok(Action::Serial(argument(rest, &word)?)),
        Token::Word(word) if word == "mouse" => Ok(Action::Mouse(parse_mouse(rest)?)),
        Token::Word(word) if word == "wheel" => {
            let wheel = number(rest, "'wheel' needs steps, positive towards you, and then the buttons that are held")?;
            let wheel = i8::try_from(wheel).map_err(|_| format!("the wheel cannot turn {wheel} steps at once"))?;
            Ok(Action::Mouse(MouseMove { wheel, buttons: parse_buttons(rest)?, ..MouseMove::default() }))
        }
        Token::Word(word) if word == "power" => Ok(Action::Power),
        other => Err(unknown(&other, "'type', 'key', 'serial', 'mouse', 'wheel' or 'power'", &WORDS)),
    }
}

/// `DX DY`, to the right and down, and the buttons that are held from then on.
fn parse_mouse(rest: &mut &[Token]) -> Result<MouseMove, String> {
    let needs = "'mouse' needs how far to the right and how far down: mouse 10 -5 or mouse 0 0 left";
    let (dx, dy) = (number(rest, needs)?, number(rest, needs)?);
    Ok(MouseMove { dx, dy, wheel: 0, buttons: parse_buttons(rest)? })
}

fn number(rest: &mut &[Token], needs: &str) -> Result<i16, String> {
    let text = take_text(rest, needs)?;
    text.parse().map_err(|_| format!("'{text}' is no number from -32768 to 32767; {needs}"))
}

/// Names of buttons joined by `-`, or nothing.
fn parse_buttons(rest: &mut &[Token]) -> Result<u8, String> {
    /// In the order of their bits.
    const BUTTONS: [&str; 5] = ["left", "right", "middle", "fourth", "fifth"];
    let Some(Token::Word(names)) = rest.first() else { return Ok(0) };
    *rest = &rest[1..];
    names.split('-').try_fold(0, |held, name| match BUTTONS.iter().position(|button| *button == name) {
        Some(bit) => Ok(held | 1 << bit),
        None => Err(format!("no mouse button is called '{name}'{}", hint(name, BUTTONS))),
    })
}

/// A position: cycles, with `_` between digits where it helps.
pub fn parse_position(text: &str) -> Result<u64, String> {
    let digits: String = text.chars().filter(|character| *character != '_').collect();
    digits.parse().map_err(|_| format!("'{text}' is no position: cycles since power-on, as in 1_000_000"))
}

fn take(rest: &mut &[Token]) -> Option<Token> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(first.clone())
}

fn take_text(rest: &mut &[Token], needs: &str) -> Result<String, String> {
    match take(rest) {
        Some(Token::Word(text) | Token::Text(text)) => Ok(text),
        _ => Err(needs.to_owned()),
    }
}

fn unknown(token: &Token, wanted: &str, words: &[&str]) -> String {
    let near = match token {
        Token::Word(word) => hint(word, words.iter().copied()),
        _ => String::new(),
    };
    format!("{wanted} should stand where {} does{near}", shown(token))
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("'{word}'"),
        Token::Text(text) => format!("{text:?}"),
        Token::Mark(mark) => format!("'{mark}'"),
    }
}

/// Cuts a line into tokens, up to a `#` that begins one.
fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '#' => break,
            '"' => {
                let (text, behind) = quoted(&rest[1..])?;
                tokens.push(Token::Text(text));
                rest = behind;
            }
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                tokens.push(match &rest[..end] {
                    ":" => Token::Mark(':'),
                    ";" => Token::Mark(';'),
                    word => Token::Word(word.to_owned()),
                });
                rest = &rest[end..];
            }
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The text up to the closing quote, and what is behind that.
fn quoted(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Ok((text, &rest[place + 1..])),
            '\\' => text.push(escape(&mut characters)?),
            plain => text.push(plain),
        }
    }
    Err("the closing '\"' is missing".to_owned())
}

fn escape(characters: &mut std::str::CharIndices<'_>) -> Result<char, String> {
    const KNOWN: &str = r#"known are \n \r \t \b \e \\ \" and \xNN"#;
    let character = characters.next().map(|(_, character)| character);
    Ok(match character {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('b') => '\u{8}',
        Some('e') => '\u{1B}',
        Some(same @ ('\\' | '"')) => same,
        Some('x') => {
            let digits: String = characters.by_ref().take(2).map(|(_, digit)| digit).collect();
            let value = u8::from_str_radix(&digits, 16).ok().filter(u8::is_ascii);
            value.map(char::from).ok_or_else(|| format!("'\\x{digits}' is no ASCII character in hexadecimal"))?
        }
        Some(other) => return Err(format!("'\\{other}' means nothing; {KNOWN}")),
        None => return Err(format!("'\\' ends the line; {KNOWN}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(source: &str) -> String {
        parse(source).expect_err("must be refused").to_string()
    }

    #[test]
    fn comments_and_blank_lines_are_nothing() {
        assert_eq!(parse("\n  # at x\n\t\n"), Ok(Script::default()));
    }

    #[test]
    fn texts_take_escapes_and_marks_may_touch_them() {
        let script = parse(r#"when serial "a\"b\\": type "\x41\e[\n" ; key ctrl-c # end"#);
        let mut script = script.expect("the script is right");
        let actions: Vec<_> = "a\"b\\".bytes().filter_map(|byte| script.saw_serial(byte, 0, 60)).flatten().collect();
        assert_eq!(actions, [Action::Type("A\u{1B}[\n".into()), Action::Key("ctrl-c".into())]);
    }

    #[test]
    fn errors_name_the_line_and_the_nearest_word() {
        assert_eq!(
            problem("at 5 key enter\nwen serial x : key f1"),
            "line 2: 'at' or 'when' should stand where 'wen' does; did you mean 'when'?"
        );
        assert_eq!(
            problem("when seriel x : key f1"),
            "line 1: 'serial' or 'screen' should stand where 'seriel' does; did you mean 'serial'?"
        );
        assert_eq!(problem("at 5 key entr"), "line 1: no key is called 'entr'; did you mean 'enter'?");
        assert_eq!(
            problem("at 5 tpe x"),
            "line 1: 'type', 'key', 'serial', 'mouse', 'wheel' or 'power' should stand where 'tpe' does; did you mean \
             'type'?"
        );
    }

    #[test]
    fn mouse_wheel_and_power() {
        let script = parse("at 5 mouse 10 -5 ; mouse 0 0 left-middle ; wheel -1 ; power");
        let actions = script.expect("the script is right").take_due(5);
        let mouse = |dx, dy, wheel, buttons| Action::Mouse(MouseMove { dx, dy, wheel, buttons });
        let wanted = vec![mouse(10, -5, 0, 0), mouse(0, 0, 0, 5), mouse(0, 0, -1, 0), Action::Power];
        assert_eq!(actions, Some(wanted));
        assert!(problem("at 5 mouse 10").contains("how far down"));
        assert!(problem("at 5 mouse 10 99999").contains("'99999' is no number"));
        assert!(problem("at 5 mouse 0 0 lef").ends_with("no mouse button is called 'lef'; did you mean 'left'?"));
        assert!(problem("at 5 wheel 200").contains("cannot turn 200 steps"));
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        assert!(problem("at").contains("needs a position"));
        assert!(problem("at 5").contains("an action is missing"));
        assert!(problem("at 5s type x").contains("'5s' is no position"));
        assert!(problem("when serial login: type root").contains("a ' : ' must stand"));
        assert!(problem("when serial \"\" : type root").contains("is empty"));
        assert!(problem("at 5 type hello world").contains("'world' is one too many"));
        assert!(problem("at 5 type \"hello").contains("closing"));
        assert!(problem("at 5 type \"é\"").contains("US keyboard"));
        assert!(problem("at 5 serial \"\\q\"").contains("means nothing"));
        assert!(problem("at 5 serial \"\\xZZ\"").contains("hexadecimal"));
    }
}
