//! The state hash: one name for everything that can change what the guest sees later.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, codec};

/// BLAKE3-256 of a machine's state, or of a part of it. Shown as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StateHash([u8; 32]);

impl StateHash {
    /// The hash of a byte string.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateHash({self})")
    }
}

/// The text is not 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a state hash is 64 hex digits")]
pub struct ParseStateHashError;

impl FromStr for StateHash {
    type Err = ParseStateHashError;

    fn from_str(text: &str) -> Result<Self, ParseStateHashError> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| ParseStateHashError)
    }
}

/// As text in readable formats (JSON, TOML), as 32 bytes in others.
impl Serialize for StateHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StateHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => String::deserialize(deserializer)?.parse().map_err(de::Error::custom),
            false => <[u8; 32]>::deserialize(deserializer).map(Self),
        }
    }
}

/// The hashes of a machine's parts, from which its state hash is made.
///
/// The order in which parts are given does not matter. A part given again replaces the one before.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HashTree {
    sections: BTreeMap<String, (u16, StateHash)>,
    stores: BTreeMap<String, StateHash>,
}

impl HashTree {
    /// A tree without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a section by its value. Fails on values that [`codec::encode`] refuses.
    pub fn section<T: Serialize>(&mut self, name: &str, version: u16, value: &T) -> Result<(), Error> {
        let bytes = codec::encode(value).map_err(|error| error.in_section(name, version))?;
        self.section_bytes(name, version, &bytes);
        Ok(())
    }

    /// Adds a section by its encoded value.
    pub fn section_bytes(&mut self, name: &str, version: u16, bytes: &[u8]) {
        self.section_hash(name, version, StateHash::of(bytes));
    }

    /// Adds a section by the hash of its encoded value.
    pub fn section_hash(&mut self, name: &str, version: u16, hash: StateHash) {
        self.sections.insert(name.to_owned(), (version, hash));
    }

    /// Adds a page store by its [`PageTree::root`](crate::PageTree::root).
    pub fn store(&mut self, name: &str, root: StateHash) {
        self.stores.insert(name.to_owned(), root);
    }

    /// Every part by name, sections first.
    pub fn parts(&self) -> impl Iterator<Item = (&str, StateHash)> {
        let sections = self.sections.iter().map(|(name, (_, hash))| (name.as_str(), *hash));
        sections.chain(self.stores.iter().map(|(name, root)| (name.as_str(), *root)))
    }

    /// The state hash: BLAKE3 in its key derivation mode over the number of sections, each section
    /// (name, version, hash), the number of stores and each store (name, root), sorted by name.
    /// Numbers are little endian, names follow their length as u64.
    pub fn root(&self) -> StateHash {
        let mut hasher = blake3::Hasher::new_derive_key("ringwalk state hash 1");
        let name = |hasher: &mut blake3::Hasher, name: &str| {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        };
        hasher.update(&(self.sections.len() as u64).to_le_bytes());
        for (section, (version, hash)) in &self.sections {
            name(&mut hasher, section);
            hasher.update(&version.to_le_bytes()).update(hash.as_bytes());
        }
        hasher.update(&(self.stores.len() as u64).to_le_bytes());
        for (store, root) in &self.stores {
            name(&mut hasher, store);
            hasher.update(root.as_bytes());
        }
        StateHash(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_text_and_bytes() {
        let hash = StateHash::of(b"state");
        let text = hash.to_string();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(text[1..].parse::<StateHash>(), Err(ParseStateHashError));
        let bytes = codec::encode(&hash).expect("encodes");
        assert_eq!(bytes, hash.as_bytes());
        assert_eq!(codec::decode::<StateHash>(&bytes).expect("decodes"), hash);
    }

    #[test]
    fn the_order_of_parts_does_not_matter_but_everything_else_does() {
        let tree = |parts: &[(&str, u16, u32)]| {
            let mut tree = HashTree::new();
            for (name, version, value) in parts {
                tree.section(name, *version, value).expect("encodes");
            }
            tree.root()
        };
        let root = tree(&[("cpu0", 1, 7), ("pit", 1, 9)]);
        assert_eq!(root, tree(&[("pit", 1, 9), ("cpu0", 1, 7)]));
        for other in [
            tree(&[]),
            tree(&[("cpu0", 1, 7)]),
            tree(&[("cpu0", 2, 7), ("pit", 1, 9)]),
            tree(&[("cpu0", 1, 9), ("pit", 1, 7)]),
            tree(&[("cpu1", 1, 7), ("pit", 1, 9)]),
        ] {
            assert_ne!(root, other);
        }
    }

    #[test]
    fn a_store_is_not_a_section() {
        let hash = StateHash::of(b"x");
        let (mut section, mut store) = (HashTree::new(), HashTree::new());
        section.section_hash("ram", 0, hash);
        store.store("ram", hash);
        assert_ne!(section.root(), store.root());
        assert_eq!(store.parts().collect::<Vec<_>>(), [("ram", hash)]);
    }
}
