//! What comes in from outside, in the present and again in the past, and the branches that a changed past opens.

use ringwalk_snapshots::codec;

use super::{Error, Host, Machine, Stop};
use crate::history::{Arrival, Arrivals, Branch};
use crate::journal::Input;

/// A branch as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchView {
    /// Its name.
    pub name: String,
    /// The name of the branch that it left, and where.
    pub from: Option<(String, u64)>,
    /// Its last position.
    pub end: u64,
    /// What opened it.
    pub why: String,
    /// The machine is on it.
    pub present: bool,
}

impl Machine {
    /// Something comes in from outside. In the past it opens a branch.
    pub(super) fn note_arrival(&mut self, arrival: Arrival) {
        if self.history.is_none() {
            return;
        }
        if self.is_in_past() {
            self.fork(&arrival);
        }
        if let Some(history) = &mut self.history {
            history.branches.present_mut().arrivals.add(self.cpu.position, arrival);
        }
    }

    fn fork(&mut self, cause: &Arrival) {
        let position = self.cpu.position;
        let passed = self.passed();
        let marked = self.history.as_ref().is_some_and(|history| history.ring.get(position).is_some());
        if marked {
            // What has come in at this very position comes in again below.
            self.become_checkpoint(position);
        } else {
            self.mark(0, false);
        }
        if let Some(history) = &mut self.history {
            let again = history.branches.present().arrivals.passed();
            history.branches.present_mut().arrivals.go_to(passed);
            history.ring.cut(position);
            history.branches.fork(position, in_words(cause));
            history.branches.present_mut().arrivals.go_to(again);
        }
        while self.passed() < passed && self.take_arrival() {}
        self.journal.cut();
    }

    /// Lets the next arrival take effect if its position is reached.
    pub(super) fn take_arrival(&mut self) -> bool {
        let position = self.cpu.position;
        let due = self.history.as_mut().and_then(|history| history.branches.present_mut().arrivals.take_due(position));
        match due {
            Some((at, Arrival::Waits(input))) => self.feed.inbox.add(at, input),
            Some((_, Arrival::Now(input))) => self.apply(input),
            None => return false,
        }
        true
    }

    /// The position of the next arrival ahead.
    pub(super) fn next_known_arrival(&self) -> Option<u64> {
        self.history.as_ref().and_then(|history| history.branches.present().arrivals.next_position())
    }

    /// What came in along the present branch, encoded, each with its position.
    pub fn arrivals(&self) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let Some(history) = &self.history else { return Ok(Vec::new()) };
        let encode = |(position, arrival): &(u64, Arrival)| {
            let (waits, input) = match arrival {
                Arrival::Waits(input) => (true, input),
                Arrival::Now(input) => (false, input),
            };
            Ok((*position, codec::encode(&(waits, input))?))
        };
        history.branches.present().arrivals.all().iter().map(encode).collect()
    }

    /// What will come in on the way to a position, as [`Machine::arrivals`] tells it. The machine has just begun to
    /// keep its history.
    pub fn expect_arrivals(&mut self, arrivals: &[(u64, Vec<u8>)], end: u64) -> Result<(), String> {
        let mut all = Vec::new();
        for (number, (position, bytes)) in arrivals.iter().enumerate() {
            let decoded = codec::decode::<(bool, Input)>(bytes);
            let (waits, input) = decoded.map_err(|error| format!("arrival {}: {error}", number + 1))?;
            all.push((*position, if waits { Arrival::Waits(input) } else { Arrival::Now(input) }));
        }
        if let Some(history) = &mut self.history {
            let branch = history.branches.present_mut();
            branch.arrivals = Arrivals::expect(all);
            branch.end = branch.end.max(end);
        }
        Ok(())
    }

    /// Lets everything take effect that has come in up to here.
    pub fn take_arrivals_here(&mut self) {
        while self.take_arrival() {}
    }

    /// All branches; the first is the first.
    pub fn branches(&self) -> Vec<BranchView> {
        let Some(history) = &self.history else { return Vec::new() };
        let branches = &history.branches;
        let view = |(number, branch): (usize, &Branch)| {
            let present = number == branches.present_number();
            let from = branch.from.map(|(parent, at)| (branches.all()[parent].name.clone(), at));
            let end = if present { branch.end.max(self.cpu.position) } else { branch.end };
            BranchView { name: branch.name.clone(), from, end, why: branch.why.clone(), present }
        };
        branches.all().iter().enumerate().map(view).collect()
    }

    /// Gives the present branch a name.
    pub fn name_branch(&mut self, name: &str) -> Result<(), String> {
        let Some(history) = &mut self.history else { return Err(self.no_way_back()) };
        if history.branches.find(name).is_some_and(|found| found != history.branches.present_number()) {
            return Err(format!("there is a branch {name} already: `timeline` lists them"));
        }
        history.branches.rename(name.to_owned());
        Ok(())
    }

    /// Goes to where the present branch and another one part, and on along that one to its end.
    pub fn go_to_branch(&mut self, name: &str, host: &mut dyn Host) -> Result<Stop, String> {
        self.leave_present();
        let Some(history) = &self.history else { return Err(self.no_way_back()) };
        let number = history.branches.find(name);
        let number = number.ok_or_else(|| format!("there is no branch {name}: `timeline` lists them"))?;
        let Some(parting) = history.branches.parting(number) else {
            return Ok(self.go_to(history.branches.present().end, host));
        };
        let Some((at, _)) = history.ring.at_or_before(parting) else {
            return Err(format!("{name} left before the history begins: {}", self.no_way_back()));
        };
        self.become_checkpoint(at);
        let passed = self.passed();
        let mut end = at;
        if let Some(history) = &mut self.history {
            history.ring.cut(at);
            history.branches.switch(number, passed);
            end = history.branches.present().end;
        }
        self.journal.cut();
        Ok(self.replay(end, host))
    }
}

fn in_words(arrival: &Arrival) -> String {
    let (Arrival::Waits(input) | Arrival::Now(input)) = arrival;
    match input {
        Input::Serial(port, bytes) => format!("{} bytes at COM{}", bytes.len(), port + 1),
        Input::Keys(_) => "keys".to_owned(),
        Input::Memory(at, _) => format!("memory written at {:08x}", at.0),
        Input::Register(name, value) => format!("{name} = {value:#x}"),
        Input::Reset => "the reset button".to_owned(),
        Input::Mouse(_) => "the mouse".to_owned(),
        Input::PowerButton => "the power button".to_owned(),
    }
}
