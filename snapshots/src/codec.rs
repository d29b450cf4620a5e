//! Values to bytes and back: the only place that names bincode.
//!
//! bincode 2 with `config::standard()`: little endian, integers of variable length, enum variants
//! by number. The same value gives the same bytes as long as its type keeps to ordered
//! collections (`BTreeMap`, never `HashMap`). Types must not recurse and must not hold sequences of
//! zero-sized elements: a hostile length could then cost stack or time without costing bytes.

use bincode::config::{Configuration, Limit, LittleEndian, Varint, standard};
use bincode::error::DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// The longest encoding of one value, in bytes.
pub const MAX_ENCODED_LEN: usize = LARGE / WIDEST_INTEGER;

/// bincode counts an integer at its full width however few bytes it takes in the file.
const WIDEST_INTEGER: usize = 16;
const SMALL: usize = 1 << 20;
const MEDIUM: usize = 1 << 25;
const LARGE: usize = 1 << 30;

/// The bytes of `value`. Fails on values longer than [`MAX_ENCODED_LEN`] and on types that bincode
/// cannot hold (maps and sequences of unknown length).
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let bytes = bincode::serde::encode_to_vec(value, limited::<LARGE>())
        .map_err(|error| Error::Codec(format!("the value cannot be encoded: {error}")))?;
    if bytes.len() > MAX_ENCODED_LEN {
        return Err(too_long(bytes.len()));
    }
    Ok(bytes)
}

/// The value that `bytes` hold, all of them: bytes left over are an error.
///
/// What a hostile length can make this allocate is bounded by the length of `bytes`, by one of
/// three limits.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.len() > MAX_ENCODED_LEN {
        return Err(too_long(bytes.len()));
    }
    let full_width = bytes.len() * WIDEST_INTEGER;
    let decoded = if full_width <= SMALL {
        bincode::serde::decode_from_slice(bytes, limited::<SMALL>())
    } else if full_width <= MEDIUM {
        bincode::serde::decode_from_slice(bytes, limited::<MEDIUM>())
    } else {
        bincode::serde::decode_from_slice(bytes, limited::<LARGE>())
    };
    let (value, used) = decoded.map_err(|error| undecodable(&error))?;
    if used != bytes.len() {
        return Err(Error::Codec(format!(
            "the value ends after {used} of {} bytes: it was written by another version",
            bytes.len()
        )));
    }
    Ok(value)
}

fn limited<const LIMIT: usize>() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
    standard().with_limit::<LIMIT>()
}

fn undecodable(error: &DecodeError) -> Error {
    let reason = match error {
        DecodeError::LimitExceeded => "a length is larger than the section can hold".to_owned(),
        DecodeError::UnexpectedEnd { .. } => "the bytes end inside the value".to_owned(),
        other => other.to_string(),
    };
    Error::Codec(format!("the value cannot be decoded: {reason}"))
}

fn too_long(len: usize) -> Error {
    Error::Codec(format!("{len} bytes are more than the {MAX_ENCODED_LEN} that one value may take"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> String {
        decode::<T>(bytes).expect_err("must be refused").to_string()
    }

    #[test]
    fn values_survive_and_are_spelled_one_way() {
        let value = (BTreeMap::from([(3_u16, "three".to_owned()), (1, "one".to_owned())]), Some(u64::MAX), [0_u8; 5]);
        let bytes = encode(&value).expect("encodes");
        assert_eq!(bytes, encode(&value.clone()).expect("encodes"));
        assert_eq!(decode::<(BTreeMap<u16, String>, Option<u64>, [u8; 5])>(&bytes).expect("decodes"), value);
    }

    #[test]
    fn bytes_left_over_are_refused() {
        let mut bytes = encode(&7_u32).expect("encodes");
        bytes.push(0);
        assert_eq!(refusal::<u32>(&bytes), "the value ends after 1 of 2 bytes: it was written by another version");
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = encode(&(300_u32, "text", vec![1_u64, 1 << 40])).expect("encodes");
        for len in 0..bytes.len() {
            refusal::<(u32, String, Vec<u64>)>(&bytes[..len]);
        }
    }

    #[test]
    fn hostile_lengths_are_refused_without_the_allocation() {
        let mut bytes = vec![253];
        bytes.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        assert!(refusal::<String>(&bytes).contains("a length is larger"));
        assert!(refusal::<Vec<u64>>(&bytes).contains("the bytes end"));
        assert!(refusal::<BTreeMap<u8, u8>>(&bytes).contains("the bytes end"));
    }

    #[test]
    fn integers_may_take_their_full_width_in_memory() {
        let many = vec![1_u128; 100_000];
        let bytes = encode(&many).expect("encodes");
        assert!(bytes.len() < 101_000);
        assert_eq!(decode::<Vec<u128>>(&bytes).expect("decodes"), many);
    }
}
