//! LZ4 blocks, written with a longer search than fast compressors make, which other readers unpack as quickly.
//! *LZ4 Block Format Description*: a block is a list of sequences, each some literals and a match; the last has literals
//! only. What comes out depends on the input alone, not on the host.

/// Shortest match.
const MIN_MATCH: usize = 4;
/// "The last 5 bytes of input are always literals."
const LAST_LITERALS: usize = 5;
/// "The last match must start at least 12 bytes before the end of block."
const LAST_MATCH: usize = 12;
/// Longest input: every place in it, and every distance, has 16 bits.
pub(crate) const MOST: usize = 0xFFFF;
/// Earlier places that a match is looked for at.
const DEPTH: usize = 24;
/// Bits of a hash over four bytes.
const HASH_BITS: u32 = 15;
const NOWHERE: u16 = u16::MAX;

/// The places where four bytes stood before.
struct Places<'a> {
    input: &'a [u8],
    /// The last place by hash.
    last: Vec<u16>,
    /// The one before, by place.
    before: Vec<u16>,
    /// The first place that is not noted.
    next: usize,
}

/// A match: where it was before, and its length.
#[derive(Clone, Copy)]
struct Match {
    from: usize,
    len: usize,
}

impl Places<'_> {
    fn new(input: &[u8]) -> Places<'_> {
        let (last, before) = (vec![NOWHERE; 1 << HASH_BITS], vec![NOWHERE; input.len()]);
        Places { input, last, before, next: 0 }
    }

    fn hash(&self, at: usize) -> usize {
        let word = self.input[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
    }

    /// Notes all places before this one.
    fn note_to(&mut self, at: usize) {
        while self.next < at {
            let hash = self.hash(self.next);
            self.before[self.next] = std::mem::replace(&mut self.last[hash], self.next as u16); // at most MOST
            self.next += 1;
        }
    }

    /// The longest match at a place, longer than `least`.
    fn longest(&mut self, at: usize, least: usize) -> Option<Match> {
        self.note_to(at);
        let rest = &self.input[at..self.input.len() - LAST_LITERALS];
        let mut best = Match { from: 0, len: least.max(MIN_MATCH - 1) };
        let mut from = self.last[self.hash(at)];
        for _ in 0..DEPTH {
            if from == NOWHERE || best.len >= rest.len() {
                break;
            }
            let place = usize::from(from);
            if self.input[place + best.len] == rest[best.len] {
                let len = common(&self.input[place..], rest);
                if len > best.len {
                    best = Match { from: place, len };
                }
            }
            from = self.before[place];
        }
        (best.len > least.max(MIN_MATCH - 1)).then_some(best)
    }
}

/// How many bytes both begin with.
fn common(left: &[u8], right: &[u8]) -> usize {
    let words = left.chunks_exact(8).zip(right.chunks_exact(8));
    let same = 8 * words.take_while(|(left, right)| left == right).count();
    same + left[same..].iter().zip(&right[same..]).take_while(|(left, right)| left == right).count()
}

/// The block for an input of at most [`MOST`] bytes.
pub(crate) fn compress(input: &[u8]) -> Vec<u8> {
    assert!(input.len() <= MOST, "every place in a chunk has 16 bits");
    let mut out = Vec::with_capacity(input.len() / 2);
    let mut places = Places::new(input);
    let (mut at, mut literals) = (0, 0);
    while at + LAST_MATCH <= input.len() {
        let Some(mut found) = places.longest(at, 0) else {
            at += 1;
            continue;
        };
        // A longer match that begins one byte later is worth the literal.
        while at + 1 + LAST_MATCH <= input.len()
            && let Some(later) = places.longest(at + 1, found.len)
        {
            (at, found) = (at + 1, later);
        }
        put(&mut out, &input[literals..at], Some((at - found.from, found.len)));
        at += found.len;
        literals = at;
    }
    put(&mut out, &input[literals..], None);
    out
}

/// Writes a sequence: literals, and the distance and length of a match.
fn put(out: &mut Vec<u8>, literals: &[u8], found: Option<(usize, usize)>) {
    let extra = found.map_or(0, |(_, len)| len - MIN_MATCH);
    out.push((literals.len().min(15) << 4 | extra.min(15)) as u8);
    put_length(out, literals.len());
    out.extend(literals);
    if let Some((distance, _)) = found {
        out.extend((distance as u16).to_le_bytes()); // at most MOST
        put_length(out, extra);
    }
}

/// What of a length does not fit into the token: bytes of 255, and the rest.
fn put_length(out: &mut Vec<u8>, len: usize) {
    if let Some(mut rest) = len.checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(rest as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(mut seed: u64) -> impl FnMut() -> u64 {
        move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 33
        }
    }

    fn unpacked(block: &[u8], len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let written = lz4_flex::block::decompress_into(block, &mut bytes).expect("a block of the format");
        bytes.truncate(written);
        bytes
    }

    #[test]
    fn another_reader_unpacks_every_block() {
        let mut next = numbers(1);
        for round in 0..600 {
            let len = if round < 200 { round } else { next() as usize % (MOST + 1) };
            let kinds = 1 + next() % 4;
            let mut input = Vec::new();
            while input.len() < len {
                let piece = 1 + next() as usize % 400;
                match next() % kinds {
                    0 => input.extend(std::iter::repeat_n(next() as u8, piece)),
                    1 => input.extend((0..piece).map(|_| next() as u8)),
                    2 => input.extend((0..piece).map(|at| (at as u64 % (1 + next() % 3)) as u8)),
                    _ if input.is_empty() => input.push(7),
                    _ => {
                        let from = next() as usize % input.len();
                        let copy = input[from..(from + piece).min(input.len())].to_vec();
                        input.extend(copy);
                    }
                }
            }
            input.truncate(len);
            assert!(unpacked(&compress(&input), len) == input, "round {round}, {len} bytes");
        }
    }

    #[test]
    fn a_longer_search_finds_more() {
        let mut next = numbers(2);
        let words: Vec<Vec<u8>> = (0..200).map(|_| (0..3 + next() % 9).map(|_| next() as u8).collect()).collect();
        let text: Vec<u8> = (0..8000).flat_map(|_| words[(next() % 200) as usize].clone()).take(61440).collect();
        let (ours, fast) = (compress(&text).len(), lz4_flex::block::compress(&text).len());
        assert!(ours < fast, "{ours} {fast}");
    }
}
