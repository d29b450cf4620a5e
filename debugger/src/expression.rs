//! Expressions and addresses as commands take them.
//!
//! Numbers are decimal, or hexadecimal with `0x` before or `h` behind; beside the colon of `seg:off` they are always
//! hexadecimal. Arithmetic is unsigned, 64 bits wide, and wraps. Comparisons give 1 or 0.

use ringwalk_cpu::segment::SegReg;

use crate::error::Error;
use crate::register::Register;
use crate::space::Address;
use crate::target::Target;
use crate::token::{Placed, Token, tokens};

/// A binary operator, with its precedence: higher binds tighter.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    sign: &'static str,
    precedence: u8,
    apply: fn(u64, u64) -> Option<u64>,
}

/// Bits bind tighter than comparisons, as in Rust: `eax & 1 == 0` is `(eax & 1) == 0`.
static OPERATORS: &[Operator] = &[
    operator("||", 1, |a, b| Some(u64::from(a != 0 || b != 0))),
    operator("&&", 2, |a, b| Some(u64::from(a != 0 && b != 0))),
    operator("==", 3, |a, b| Some(u64::from(a == b))),
    operator("!=", 3, |a, b| Some(u64::from(a != b))),
    operator("<", 3, |a, b| Some(u64::from(a < b))),
    operator("<=", 3, |a, b| Some(u64::from(a <= b))),
    operator(">", 3, |a, b| Some(u64::from(a > b))),
    operator(">=", 3, |a, b| Some(u64::from(a >= b))),
    operator("|", 4, |a, b| Some(a | b)),
    operator("^", 5, |a, b| Some(a ^ b)),
    operator("&", 6, |a, b| Some(a & b)),
    operator("<<", 7, |a, b| Some(if b < 64 { a << b } else { 0 })),
    operator(">>", 7, |a, b| Some(if b < 64 { a >> b } else { 0 })),
    operator("+", 8, |a, b| Some(a.wrapping_add(b))),
    operator("-", 8, |a, b| Some(a.wrapping_sub(b))),
    operator("*", 9, |a, b| Some(a.wrapping_mul(b))),
    operator("/", 9, u64::checked_div),
    operator("%", 9, u64::checked_rem),
];

const fn operator(sign: &'static str, precedence: u8, apply: fn(u64, u64) -> Option<u64>) -> Operator {
    Operator { sign, precedence, apply }
}

/// Precedence of comparisons and below: what makes an expression a condition.
const COMPARISON: u8 = 3;

/// A value to be computed.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A number.
    Number(u64),
    /// A register or flag.
    Register(Register),
    /// The machine's position.
    Position,
    /// Instructions retired since power-on.
    Retired,
    /// Minus, complement or logical not.
    Unary(char, Box<Expr>),
    /// Two operands.
    Binary(&'static Operator, Box<Expr>, Box<Expr>),
    /// What memory holds: so many bytes (0: the operand size of the present code) at an address.
    Memory(u32, Box<Place>),
}

/// An address to be computed.
#[derive(Clone, Debug)]
pub enum Place {
    /// A segment register and an offset.
    Register(SegReg, Expr),
    /// A selector and an offset.
    Selector(Expr, Expr),
    /// A linear address.
    Linear(Expr),
    /// A physical address.
    Physical(Expr),
}

/// The deepest nesting of brackets and prefixes.
const DEEPEST: u32 = 64;

/// Reads arguments from left to right.
pub struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    /// A parser at the start of a command's arguments.
    pub fn new(text: &'a str) -> Result<Parser<'a>, Error> {
        Ok(Parser { text, tokens: tokens(text)?, next: 0, depth: 0 })
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.next + ahead).map(|placed| &placed.token)
    }

    fn sign_ahead(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek(ahead), Some(Token::Sign(found)) if *found == sign)
    }

    /// True when nothing is left.
    pub fn at_end(&self) -> bool {
        self.next >= self.tokens.len()
    }

    /// What is left as it was typed.
    pub fn rest(&self) -> &'a str {
        self.tokens.get(self.next).map_or("", |placed| &self.text[placed.start..])
    }

    /// The next token if it is a word.
    pub fn word(&self) -> Option<&str> {
        match self.peek(0) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Takes the next token if it is this word, in any case.
    pub fn take_word(&mut self, wanted: &str) -> bool {
        let found = self.word().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(found);
        found
    }

    /// Takes the next token if it is quoted text.
    pub fn take_quoted(&mut self) -> Option<String> {
        let Some(Token::Quoted(text)) = self.peek(0) else {
            return None;
        };
        let text = text.clone();
        self.next += 1;
        Some(text)
    }

    /// Takes the next token if it is this sign.
    pub fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.sign_ahead(0, sign);
        self.next += usize::from(found);
        found
    }

    /// Says what is wrong with the next token.
    pub fn trouble(&self, problem: impl Into<String>) -> Error {
        let start = self.tokens.get(self.next).map_or(self.text.len(), |placed| placed.start);
        Error::Expression {
            text: self.text.to_string(),
            column: self.text[..start].chars().count() + 1,
            problem: problem.into(),
        }
    }

    /// Says that something is left over, if it is.
    pub fn end(&self) -> Result<(), Error> {
        if self.at_end() { Ok(()) } else { Err(self.trouble("this is more than the command takes")) }
    }

    /// A whole expression.
    pub fn expression(&mut self) -> Result<Expr, Error> {
        self.binary(0)
    }

    fn binary(&mut self, least: u8) -> Result<Expr, Error> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator_ahead().filter(|found| found.precedence >= least.max(1)) {
            self.next += 1;
            let right = self.binary(operator.precedence + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        if least == 0 && self.sign_ahead(0, "=") {
            return Err(self.trouble("write == to compare"));
        }
        Ok(left)
    }

    fn operator_ahead(&self) -> Option<&'static Operator> {
        let Some(Token::Sign(sign)) = self.peek(0) else {
            return None;
        };
        OPERATORS.iter().find(|operator| operator.sign == *sign)
    }

    /// One operand with its prefixes, or a whole expression in brackets.
    pub fn unary(&mut self) -> Result<Expr, Error> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.trouble("this is nested too deeply"));
        }
        let result = self.prefixed();
        self.depth -= 1;
        result
    }

    fn prefixed(&mut self) -> Result<Expr, Error> {
        for (sign, letter) in [("-", '-'), ("~", '~'), ("!", '!')] {
            if self.take_sign(sign) {
                return Ok(Expr::Unary(letter, Box::new(self.unary()?)));
            }
        }
        if self.take_sign("+") {
            return self.unary();
        }
        if self.take_sign("(") {
            let inside = self.expression()?;
            return if self.take_sign(")") { Ok(inside) } else { Err(self.trouble("a ) is missing")) };
        }
        if self.sign_ahead(0, "[") {
            return self.memory(0);
        }
        // %eax, as AT&T assemblers write it.
        self.take_sign("%");
        self.operand()
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        let Some(Token::Word(word)) = self.peek(0).cloned() else {
            return Err(self.trouble("a number, a register or an address is missing"));
        };
        if self.sign_ahead(1, "[")
            && let Some(bytes) = size_word(&word)
        {
            self.next += 1;
            return self.memory(bytes);
        }
        let expr = if let Some(register) = Register::by_name(&word) {
            Expr::Register(register)
        } else if word.eq_ignore_ascii_case("position") {
            Expr::Position
        } else if word.eq_ignore_ascii_case("retired") {
            Expr::Retired
        } else {
            Expr::Number(number(&word).map_err(|problem| self.trouble(problem))?)
        };
        self.next += 1;
        Ok(expr)
    }

    fn memory(&mut self, bytes: u32) -> Result<Expr, Error> {
        self.next += 1;
        let place = self.place()?;
        if !self.take_sign("]") {
            return Err(self.trouble("a ] is missing"));
        }
        Ok(Expr::Memory(bytes, Box::new(place)))
    }

    /// An address: `seg:off`, `lin EXPR`, `phys EXPR`, `*EXPR`, or a bare expression, which is linear.
    pub fn place(&mut self) -> Result<Place, Error> {
        for (word, physical) in [("phys", true), ("physical", true), ("lin", false), ("linear", false)] {
            if self.take_word(word) {
                self.take_sign(":");
                let at = self.binary(COMPARISON + 1)?;
                return Ok(if physical { Place::Physical(at) } else { Place::Linear(at) });
            }
        }
        if self.take_sign("*") {
            return Ok(Place::Linear(self.binary(COMPARISON + 1)?));
        }
        if self.sign_ahead(1, ":") {
            return self.logical();
        }
        Ok(Place::Linear(self.binary(COMPARISON + 1)?))
    }

    fn logical(&mut self) -> Result<Place, Error> {
        let segment = self.beside_colon()?;
        self.next += 1;
        // The number behind the colon is hexadecimal; what follows it is a sum as everywhere.
        let mut offset = self.beside_colon()?;
        while let Some(operator) = self.operator_ahead().filter(|found| found.precedence > COMPARISON) {
            self.next += 1;
            let right = self.binary(operator.precedence + 1)?;
            offset = Expr::Binary(operator, Box::new(offset), Box::new(right));
        }
        Ok(match segment {
            Expr::Register(Register::Segment(reg)) => Place::Register(reg, offset),
            other => Place::Selector(other, offset),
        })
    }

    fn beside_colon(&mut self) -> Result<Expr, Error> {
        let Some(Token::Word(word)) = self.peek(0) else {
            return self.unary();
        };
        let digits = word.strip_suffix(['h', 'H']).unwrap_or(word);
        let digits = digits.strip_prefix("0x").or(digits.strip_prefix("0X")).unwrap_or(digits);
        if let Ok(value) = u64::from_str_radix(digits, 16)
            // Names such as CS are registers; CF and AF, being flags, are numbers here.
            && !matches!(Register::by_name(word), Some(register) if !matches!(register, Register::Flag(_)))
        {
            self.next += 1;
            return Ok(Expr::Number(value));
        }
        self.unary()
    }
}

/// Bytes of a size word before a bracket.
pub fn size_word(word: &str) -> Option<u32> {
    let sizes = [("byte", 1), ("word", 2), ("dword", 4), ("qword", 8)];
    sizes.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, bytes)| *bytes)
}

/// A number as typed: decimal, `0x1f`, `1fh`, `0b101`; underscores are skipped.
pub fn number(word: &str) -> Result<u64, String> {
    let digits = word.replace('_', "").to_ascii_lowercase();
    let parsed = if let Some(hex) = digits.strip_prefix("0x") {
        u64::from_str_radix(hex, 16)
    } else if let Some(hex) = digits.strip_suffix('h') {
        u64::from_str_radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        u64::from_str_radix(binary, 2)
    } else {
        digits.parse()
    };
    parsed.map_err(|_| {
        if !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit()) && digits.len() <= 16 {
            format!("`{word}` is not a decimal number or a register: hexadecimal is written 0x{digits} or {digits}h")
        } else {
            format!("`{word}` is neither a number nor a register")
        }
    })
}

impl Expr {
    /// True if it compares: a condition, not an address or a value.
    pub fn is_condition(&self) -> bool {
        match self {
            Expr::Binary(operator, ..) => operator.precedence <= COMPARISON,
            Expr::Unary(sign, _) => *sign == '!',
            Expr::Register(Register::Flag(_)) => true,
            _ => false,
        }
    }

    /// Its value in the machine as it stands.
    pub fn value(&self, target: &dyn Target) -> Result<u64, Error> {
        Ok(match self {
            Expr::Number(value) => *value,
            Expr::Register(register) => register.read(target.cpu()),
            Expr::Position => target.position(),
            Expr::Retired => target.cpu().retired,
            Expr::Unary('-', inner) => inner.value(target)?.wrapping_neg(),
            Expr::Unary('~', inner) => !inner.value(target)?,
            Expr::Unary(_, inner) => u64::from(inner.value(target)? == 0),
            Expr::Binary(operator, left, right) => {
                let (left, right) = (left.value(target)?, right.value(target)?);
                (operator.apply)(left, right).ok_or_else(|| Error::Value("division by zero".to_string()))?
            }
            Expr::Memory(bytes, place) => {
                let code_size = crate::disassembly::bits(target.cpu()) / 8;
                let bytes = if *bytes == 0 { code_size } else { *bytes };
                let at = place.address(target)?;
                let value = at.peek_number(target.cpu(), target.memory(), bytes);
                value.ok_or_else(|| Error::Value(format!("{} cannot be read: no memory answers", at.text())))?
            }
        })
    }
}

impl Place {
    /// The address in the machine as it stands.
    pub fn address(&self, target: &dyn Target) -> Result<Address, Error> {
        let cpu = target.cpu();
        // Truncation: offsets are 32 bits wide.
        Ok(match self {
            Place::Register(reg, offset) => Address::in_segment(cpu, *reg, offset.value(target)?),
            Place::Selector(selector, offset) => {
                let (selector, offset) = (selector.value(target)?, offset.value(target)?);
                let selector = u16::try_from(selector)
                    .map_err(|_| Error::Value(format!("{selector:#x} is no selector: selectors have 16 bits")))?;
                let found = Address::by_selector(cpu, target.memory(), selector, offset);
                found.ok_or_else(|| {
                    Error::Value(format!(
                        "selector {selector:04x} names no descriptor that can be read; see `info gdt`"
                    ))
                })?
            }
            Place::Linear(at) => Address::Linear(at.value(target)? & 0xFFFF_FFFF),
            Place::Physical(at) => Address::Physical(at.value(target)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn value(text: &str) -> Result<u64, String> {
        let mut fake = Fake::new();
        fake.cpu.gpr[0] = 0x1234_5678;
        fake.poke(0x413, &[0x7F, 0x02, 0x00, 0x80]);
        let mut parser = Parser::new(text).map_err(|error| error.to_string())?;
        let expr = parser.expression().map_err(|error| error.to_string())?;
        parser.end().map_err(|error| error.to_string())?;
        expr.value(&fake).map_err(|error| error.to_string())
    }

    fn place(text: &str) -> Address {
        let mut parser = Parser::new(text).unwrap();
        let place = parser.place().unwrap();
        parser.end().unwrap();
        let mut fake = Fake::new();
        fake.cpu.gpr[6] = 0x10;
        fake.cpu.segments[SegReg::Ds as usize].base = 0x500;
        place.address(&fake).unwrap()
    }

    #[test]
    fn numbers_in_every_spelling() {
        for (text, wanted) in [("16", 16), ("0x10", 16), ("10h", 16), ("0b101", 5), ("1_000", 1000), ("0FFh", 255)] {
            assert_eq!(value(text), Ok(wanted), "{text}");
        }
        assert!(value("7c00").unwrap_err().contains("0x7c00"));
        assert!(value("sp1").unwrap_err().contains("neither a number nor a register"));
        assert!(value("18446744073709551616").is_err());
    }

    #[test]
    fn precedence_and_brackets() {
        for (text, wanted) in [
            ("2 + 3 * 4", 14),
            ("(2+3)*4", 20),
            ("10 - 2 - 3", 5),
            ("-1", u64::MAX),
            ("~0 & 0xff", 255),
            ("eax & 1 == 0", 1),
            ("ax == 0x5678 && al != 0", 1),
            ("1 || 0 && 0", 1),
            ("!5", 0),
            ("1 << 70", 0),
            ("$eax", 0x1234_5678),
            ("%ah", 0x56),
            ("7 % 4", 3),
            ("position + retired", 0),
        ] {
            assert_eq!(value(text), Ok(wanted), "{text}");
        }
        assert!(value("1/0").unwrap_err().contains("division by zero"));
        assert!(value("(1").unwrap_err().contains(") is missing"));
        assert!(value("ax = 1").unwrap_err().contains("=="));
        assert!(value(&"(".repeat(5000)).unwrap_err().contains("nested too deeply"));
        assert!(value(&"-".repeat(5000)).unwrap_err().contains("nested too deeply"));
    }

    #[test]
    fn memory_in_brackets() {
        assert_eq!(value("word [0x413]"), Ok(0x27F));
        assert_eq!(value("byte [0040:0013] + 1"), Ok(0x80));
        assert_eq!(value("dword [phys 0x413]"), Ok(0x8000_027F));
        assert_eq!(value("[0x413]"), Ok(0x27F), "the code is 16-bit");
        assert!(value("byte [phys 0xfff00000]").unwrap_err().contains("no memory answers"));
    }

    #[test]
    fn addresses_in_every_space() {
        let logical = |selector, offset, base| Address::Logical { selector, offset, base };
        assert_eq!(place("0000:7c00"), logical(0, 0x7C00, 0));
        assert_eq!(place("f000:fff0"), logical(0xF000, 0xFFF0, 0xF0000));
        assert_eq!(place("b800:10+16"), logical(0xB800, 0x20, 0xB8000));
        assert_eq!(place("ds:si"), logical(0, 0x10, 0x500));
        assert_eq!(place("ds:si+2*4"), logical(0, 0x18, 0x500));
        assert_eq!(place("cf:af"), logical(0xCF, 0xAF, 0xCF0));
        for text in ["0x7c00", "*0x7c00", "lin 0x7c00", "lin:7c00h", "linear 31744", "7c0h*16"] {
            assert_eq!(place(text), Address::Linear(0x7C00), "{text}");
        }
        assert_eq!(place("phys:0x7c00"), Address::Physical(0x7C00));
        assert_eq!(place("physical 0x7c00"), Address::Physical(0x7C00));
    }

    #[test]
    fn conditions_are_told_from_addresses() {
        let is_condition = |text| Parser::new(text).unwrap().expression().unwrap().is_condition();
        assert!(is_condition("ax == 1") && is_condition("cf") && is_condition("!zf"));
        assert!(!is_condition("ax + 1") && !is_condition("0x7c00"));
    }
}
