//! The counter against a model that is stepped with every CLK pulse, as the datasheet's "Mode Definitions" tell it.

use super::*;

/// The chip, one CLK pulse at a time. Counts are the low byte only.
#[derive(Debug)]
struct Stepped {
    mode: u8,
    bcd: bool,
    gate: bool,
    register: Option<u32>,
    element: u32,
    odd: bool,
    out: bool,
    null: bool,
    /// The next CLK pulse loads the element: after a write, or after a trigger.
    load: bool,
    loaded: bool,
    /// Modes 4 and 5: the strobe is still to come.
    strobe: bool,
}

impl Stepped {
    fn control(&mut self, mode: u8, bcd: bool) {
        let (gate, element) = (self.gate, self.element);
        let (register, out) = (None, mode != 0);
        // The bits stay, and are read in the new way.
        let bits = if self.bcd { u32::from(to_bcd(element % 10_000)) } else { element & 0xFFFF };
        let element = if bcd { from_bcd(bits) } else { bits };
        *self = Stepped {
            mode,
            bcd,
            gate,
            register,
            element,
            odd: false,
            out,
            null: true,
            load: false,
            loaded: false,
            strobe: false,
        };
    }

    fn modulus(&self) -> u32 {
        if self.bcd { 10_000 } else { 0x1_0000 }
    }

    fn write(&mut self, count: u32) {
        let count = if count == 0 { self.modulus() } else { count };
        self.register = Some(if matches!(self.mode, 2 | 3) { count.max(2) } else { count });
        self.null = true;
        match self.mode {
            0 => (self.load, self.loaded, self.out) = (true, false, false),
            4 => self.load = true,
            2 | 3 if !self.loaded => self.load = true,
            _ => {}
        }
    }

    fn set_gate(&mut self, gate: bool) {
        if gate && !self.gate && self.register.is_some() && matches!(self.mode, 1 | 2 | 3 | 5) {
            self.load = true;
        }
        if !gate && matches!(self.mode, 2 | 3) {
            self.out = true;
        }
        self.gate = gate;
    }

    fn load(&mut self) {
        let count = self.register.expect("a load follows a write");
        self.element = count;
        self.odd = self.mode == 3 && count % 2 == 1;
        if self.odd {
            self.element -= 1;
        }
        (self.load, self.loaded, self.null, self.strobe) = (false, true, false, true);
    }

    fn clk(&mut self) {
        if self.load {
            self.load();
            self.out = !matches!(self.mode, 0 | 1);
            return;
        }
        if !self.loaded || (!self.gate && !matches!(self.mode, 1 | 5)) {
            return;
        }
        match self.mode {
            2 if self.element == 1 => {
                self.load();
                self.out = true;
            }
            2 => {
                self.element -= 1;
                self.out = self.element != 1;
            }
            3 => self.square_wave(),
            _ => {
                self.element = if self.element == 0 { self.modulus() - 1 } else { self.element - 1 };
                self.terminal_count();
            }
        }
    }

    fn square_wave(&mut self) {
        let ends = if self.odd && self.out { self.element == 0 } else { self.element == 2 };
        if ends {
            self.out = !self.out;
            self.load();
        } else {
            self.element -= 2;
        }
    }

    fn terminal_count(&mut self) {
        let zero = self.element == 0;
        match self.mode {
            0 | 1 => self.out |= zero,
            _ => {
                self.out = !(zero && self.strobe);
                self.strobe &= !zero;
            }
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }
}

fn to_digits(value: u32) -> u8 {
    (((value / 10) << 4) | (value % 10)) as u8
}

#[test]
fn computed_equals_stepped() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut counter = Counter::new(true);
    let mut stepped = Stepped {
        mode: 0,
        bcd: false,
        gate: true,
        register: None,
        element: 0,
        odd: false,
        out: false,
        null: true,
        load: false,
        loaded: false,
        strobe: false,
    };
    let mut tick = 1000;
    counter.write_control(tick, 0x10);
    for step in 0..200_000 {
        match random.below(16) {
            0 => {
                let (mode, bcd) = (random.below(6) as u8, random.below(4) == 0);
                counter.write_control(tick, 0x10 | mode << 1 | u8::from(bcd));
                stepped.control(mode, bcd);
            }
            1..4 => {
                let count = if random.below(8) == 0 { 0 } else { 1 + random.below(20) as u32 };
                counter.write(tick, if stepped.bcd { to_digits(count) } else { count as u8 });
                stepped.write(count);
            }
            4..6 => {
                let gate = random.below(3) > 0;
                counter.set_gate(tick, gate);
                stepped.set_gate(gate);
            }
            _ => {}
        }
        let edge = counter.next_edge(tick);
        let before = stepped.out;
        let mut now = counter.clone();
        now.advance(tick);
        assert_eq!(now.out(tick), before, "step {step}: OUT at once, {stepped:?}");
        for _ in 0..random.below(12) {
            tick += 1;
            stepped.clk();
            let mut now = counter.clone();
            now.advance(tick);
            let modulus = stepped.modulus();
            assert_eq!(
                (now.out(tick), now.value(tick), now.null),
                (stepped.out, stepped.element % modulus, stepped.null),
                "step {step}, tick {tick}: {stepped:?} {counter:?}"
            );
            if edge.is_none_or(|edge| tick < edge) {
                assert_eq!(stepped.out, before, "step {step}: an edge that was not foretold, {stepped:?}");
            } else if edge == Some(tick) {
                assert_ne!(stepped.out, before, "step {step}: the foretold edge, {stepped:?}");
            }
        }
    }
}
