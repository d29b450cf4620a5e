//! The known name nearest to a mistyped one, for error messages.

/// The candidate that `name` most likely stands for; `None` if all are too far away to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let scored = candidates.into_iter().map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate));
    let (distance, candidate) = scored.min_by_key(|(distance, _)| *distance)?;
    let longest = name.chars().count().max(candidate.chars().count());
    (distance * 2 <= longest).then_some(candidate)
}

/// "; did you mean 'x'?" for the nearest candidate, or nothing.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|near| format!("; did you mean '{near}'?")).unwrap_or_default()
}

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn `from` into `to`.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            let swapped = row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b;
            if swapped {
                best = best.min(before_last[column - 1] + 1);
            }
            this.push(best);
        }
        before_last = std::mem::replace(&mut last, this);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_slips_are_found() {
        let known = ["serial", "screen", "type", "key"];
        assert_eq!(nearest("seral", known), Some("serial"));
        assert_eq!(nearest("Tpye", known), Some("type"));
        assert_eq!(nearest("kye", known), Some("key"));
        assert_eq!(nearest("floppy", known), None);
        assert_eq!(hint("scren", known), "; did you mean 'screen'?");
        assert_eq!(hint("", known), "");
    }

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
