//! Branches: each change of the past opens one, and none is lost. A branch that is not the present one is kept as what
//! came in along it: the machine finds its way there again by running.

use super::arrivals::Arrivals;

/// A line of time.
#[derive(Clone)]
pub(crate) struct Branch {
    /// Its name.
    pub(crate) name: String,
    /// The branch that it left, by number, and where; `None` for the first.
    pub(crate) from: Option<(usize, u64)>,
    /// What came in along it, from the beginning of the history.
    pub(crate) arrivals: Arrivals,
    /// The last position that was reached on it.
    pub(crate) end: u64,
    /// What opened it, in words.
    pub(crate) why: String,
}

/// All branches.
pub(crate) struct Branches {
    all: Vec<Branch>,
    present: usize,
}

impl Branches {
    /// The first branch.
    pub(crate) fn new(position: u64) -> Branches {
        let main = Branch {
            name: "main".to_owned(),
            from: None,
            arrivals: Arrivals::default(),
            end: position,
            why: String::new(),
        };
        Branches { all: vec![main], present: 0 }
    }

    /// All, by number.
    pub(crate) fn all(&self) -> &[Branch] {
        &self.all
    }

    /// The number of the one that the machine is on.
    pub(crate) fn present_number(&self) -> usize {
        self.present
    }

    /// The one that the machine is on.
    pub(crate) fn present(&self) -> &Branch {
        &self.all[self.present]
    }

    /// The one that the machine is on.
    pub(crate) fn present_mut(&mut self) -> &mut Branch {
        &mut self.all[self.present]
    }

    /// Opens a branch here, where the past is changed.
    pub(crate) fn fork(&mut self, position: u64, why: String) {
        let mut arrivals = self.present().arrivals.clone();
        arrivals.cut();
        let name = format!("branch-{}", self.all.len());
        self.all.push(Branch { name, from: Some((self.present, position)), arrivals, end: position, why });
        self.present = self.all.len() - 1;
    }

    /// The branch with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|branch| branch.name == name)
    }

    /// Where the present branch and another one part; `None` if that is the present one.
    pub(crate) fn parting(&self, other: usize) -> Option<u64> {
        let (ours, theirs) = (self.way(self.present), self.way(other));
        let shared = ours.iter().zip(&theirs).take_while(|(a, b)| a.0 == b.0).count();
        // What leaves the last shared branch first decides.
        let leaves = [ours.get(shared), theirs.get(shared)].into_iter().flatten().map(|(_, at)| *at);
        leaves.min()
    }

    /// From the first branch to one: numbers, and where each left the one before.
    fn way(&self, number: usize) -> Vec<(usize, u64)> {
        let mut way = Vec::new();
        let mut at = Some(number);
        while let Some(number) = at {
            let from = self.all[number].from;
            way.push((number, from.map_or(0, |(_, position)| position)));
            at = from.map(|(parent, _)| parent);
        }
        way.reverse();
        way
    }

    /// The machine goes on along another branch; so many arrivals have taken effect where it stands.
    pub(crate) fn switch(&mut self, number: usize, passed: usize) {
        self.present = number;
        self.present_mut().arrivals.go_to(passed);
    }

    /// Gives the present branch another name.
    pub(crate) fn rename(&mut self, name: String) {
        self.present_mut().name = name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_part_where_the_first_of_them_left() {
        let mut branches = Branches::new(0);
        branches.present_mut().end = 100;
        branches.fork(60, "a".into());
        branches.fork(80, "b".into());
        assert_eq!((branches.parting(2), branches.parting(1), branches.parting(0)), (None, Some(80), Some(60)));
        branches.switch(0, 0);
        branches.fork(50, "c".into());
        assert_eq!((branches.parting(2), branches.parting(0)), (Some(50), Some(50)));
        assert_eq!(branches.find("branch-2"), Some(2));
    }
}
