//! Every form of every instruction, found by asking the decoder for all opcodes: a row that is added is tried. What an
//! operating system must keep to itself, and what the two processors must differ in, is left out by name.

use std::collections::BTreeMap;

use ringwalk_cpu::decode::{Decoded, decode};
use ringwalk_cpu::insn::{Insn, OPERAND_32, REFUSED};
use ringwalk_cpu::isa::{self, Operand, Row};
use ringwalk_cpu::model::{Feature, Features};
use ringwalk_cpu::state::CodeSize;

use crate::random::Random;

/// Left out: system calls; what tells the processors or their tables, clocks and counters apart; registers that the host's
/// threads live by; images with pointers of the floating-point unit; far transfers; INT1, which hypervisors get wrong.
const LEFT_OUT: [&str; 49] = [
    "syscall", "sysenter", "sysexit", "sysret", "int", "int1", "cpuid", "rdtsc", "rdtscp", "rdpid", "rdpmc", "rdrand",
    "rdseed", "xgetbv", "sgdt", "sidt", "sldt", "str", "smsw", "lar", "lsl", "verr", "verw", "les", "lds", "lss",
    "lfs", "lgs", "rdfsbase", "wrfsbase", "rdgsbase", "wrgsbase", "rdpkru", "wrpkru", "swapgs", "monitor", "mwait",
    "xsave", "xrstor", "xsaveopt", "xsavec", "xsaves", "xrstors", "fxsave", "fxrstor", "fnstenv", "fnsave", "retf",
    "iret",
];

/// Instructions whose results differ from one family of processors to the next: approximations.
const APPROXIMATE: [&str; 16] = [
    "rcpps", "rcpss", "rsqrtps", "rsqrtss", "vrcpps", "vrcpss", "vrsqrtps", "vrsqrtss", "f2xm1", "fyl2x", "fptan",
    "fpatan", "fyl2xp1", "fsincos", "fsin", "fcos",
];

/// Opcodes that are undefined on every processor; those that 64-bit code lacks have rows that say so.
const UNDEFINED: [&[u8]; 7] =
    [&[0x0F, 0x04], &[0x0F, 0x0A], &[0x0F, 0x26], &[0x0F, 0x36], &[0x0F, 0x39], &[0x0F, 0xA6], &[0x0F, 0xA7]];
/// Whose instructions are counted together.
pub(crate) const GROUPS: [&str; 24] = [
    "arithmetic and logic",
    "moves",
    "shifts",
    "multiplication and division",
    "bits",
    "strings",
    "stack",
    "control",
    "flags and decimal",
    "privileged",
    "undefined",
    "x87",
    "MMX",
    "SSE",
    "SSE2",
    "SSE3 and SSSE3",
    "SSE4",
    "ciphers",
    "BMI and ADX",
    "AVX",
    "AVX2",
    "FMA and F16C",
    "GFNI",
    "caches and fences",
];
const UNDEFINED_GROUP: usize = 10;
pub(crate) const STRINGS: usize = 5;
pub(crate) const PRIVILEGED: usize = 9;
pub(crate) const X87: usize = 11;
pub(crate) const FENCES: usize = 23;

/// How often a group is chosen, of the sum of all.
const WEIGHTS: [u64; 24] = [14, 8, 7, 5, 6, 6, 6, 6, 4, 1, 1, 12, 6, 5, 8, 6, 6, 3, 5, 8, 8, 6, 3, 1];

/// How a form is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Code {
    Legacy,
    /// Map, prefix bits, L, W.
    Vex(u8, u8, bool, bool),
}

/// An instruction with its operand in a register or in memory, whose registers can still be chosen.
pub(crate) struct Form {
    /// `None` for an opcode that is undefined.
    pub(crate) row: Option<&'static Row>,
    pub(crate) op: u16,
    pub(crate) in_memory: bool,
    pub(crate) group: usize,
    pub(crate) code: Code,
    /// 66h, F2h, F3h.
    pub(crate) prefixes: Vec<u8>,
    /// Escapes and opcode.
    pub(crate) opcode: Vec<u8>,
    /// ModRM bytes that mean this: of a form in memory, with a register's rm that does not count.
    pub(crate) modrms: Vec<u8>,
}

/// The forms of one code size.
pub(crate) struct Forms {
    pub(crate) all: Vec<Form>,
    groups: Vec<Vec<usize>>,
    pub(crate) size: CodeSize,
    pub(crate) features: Features,
}

impl Form {
    /// A name of its own: mnemonic, number of the row, encoding.
    pub(crate) fn name(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let name = self.row.map_or("(undefined)", |row| row.name);
        let place = if self.in_memory { " m" } else { "" };
        let code = match self.code {
            Code::Legacy => hex(&[&self.prefixes[..], &self.opcode].concat()),
            Code::Vex(_, _, l, w) => format!("L{} W{}", u8::from(l), u8::from(w)),
        };
        format!("{name} {:04x} {code}{place}", self.op)
    }

    fn has(&self, operand: Operand) -> bool {
        self.row.is_some_and(|row| row.operands.contains(&operand))
    }

    pub(crate) fn is_gather(&self) -> bool {
        self.has(Operand::Vm)
    }

    /// The address stands in the instruction.
    pub(crate) fn is_offset(&self) -> bool {
        self.has(Operand::O)
    }

    /// VEX.vvvv names a register.
    pub(crate) fn uses_vvvv(&self) -> bool {
        self.has(Operand::Hx) || self.has(Operand::By)
    }
}

/// The mandatory prefixes, and 66h with them where it is the operand size.
const PREFIXES: [&[u8]; 6] = [&[], &[0x66], &[0xF3], &[0xF2], &[0x66, 0xF2], &[0x66, 0xF3]];
const ESCAPES: [&[u8]; 4] = [&[], &[0x0F], &[0x0F, 0x38], &[0x0F, 0x3A]];

impl Forms {
    /// All forms that a processor with these features has, if `host_has` them too.
    pub(crate) fn new(size: CodeSize, features: Features, host_has: fn(Feature) -> bool) -> Forms {
        let mut forms = Forms { all: Vec::new(), groups: vec![Vec::new(); GROUPS.len()], size, features };
        forms.add_legacy();
        forms.add_vex();
        forms.all.retain(|form| form.row.is_none_or(|row| needs(row, form.code).into_iter().all(host_has)));
        forms.add_undefined();
        for (index, form) in forms.all.iter().enumerate() {
            forms.groups[form.group].push(index);
        }
        forms
    }

    /// A form at random: of a group, or of any.
    pub(crate) fn pick(&self, random: &mut Random, group: Option<usize>) -> &Form {
        let group = group.unwrap_or_else(|| self.pick_group(random));
        &self.all[random.pick(&self.groups[group])]
    }

    /// A group that has forms.
    pub(crate) fn pick_group(&self, random: &mut Random) -> usize {
        loop {
            let mut at = random.below(WEIGHTS.iter().sum());
            for (group, weight) in WEIGHTS.iter().enumerate() {
                if at < *weight && !self.groups[group].is_empty() {
                    return group;
                }
                at = at.saturating_sub(*weight);
            }
        }
    }

    fn add_legacy(&mut self) {
        let size = self.size;
        for (escape, prefix) in ESCAPES.iter().flat_map(|escape| PREFIXES.iter().map(move |prefix| (escape, prefix))) {
            for opcode in (0..=255).filter(|opcode| is_opcode(size, escape.len(), *opcode)) {
                let stem = [*prefix, *escape, &[opcode]].concat();
                let tried: Vec<(u8, Insn)> =
                    (0..=255).filter_map(|modrm| Some((modrm, self.decoded(&stem, modrm)?))).collect();
                self.add_opcode(prefix, &stem[prefix.len()..], &tried);
            }
        }
    }

    fn add_opcode(&mut self, prefixes: &[u8], opcode: &[u8], tried: &[(u8, Insn)]) {
        let varies =
            tried.len() < 256 || tried.iter().any(|(_, insn)| (insn.op, insn.len) != (tried[0].1.op, tried[0].1.len));
        let mut found: BTreeMap<(u16, bool), Form> = BTreeMap::new();
        for (modrm, insn) in tried {
            let Some(row) = isa::row_of(insn.op) else { continue };
            // LIDT of a register is AMD's virtual machines.
            // EVEX begins as BOUND of a register.
            if (row.name == "lidt" || opcode == [0x62]) && *modrm >= 0xC0
                || !is_tried(row)
                || self.is_twin(row, insn, prefixes, opcode, *modrm)
            {
                continue;
            }
            let in_memory = varies && *modrm < 0xC0;
            let group = group_of(row, opcode);
            let form = found.entry((insn.op, in_memory)).or_insert_with(|| Form {
                row: Some(row),
                op: insn.op,
                in_memory,
                group,
                code: Code::Legacy,
                prefixes: prefixes.to_vec(),
                opcode: opcode.to_vec(),
                modrms: Vec::new(),
            });
            if varies {
                form.modrms.push(*modrm);
            }
        }
        self.all.extend(found.into_values());
    }

    fn add_vex(&mut self) {
        let opcodes = || {
            (0..=255_u8)
                .flat_map(|opcode| [(false, false), (true, false), (false, true), (true, true)].map(|lw| (opcode, lw)))
        };
        for (map, prefix) in (1..4_u8).flat_map(|map| (0..4_u8).map(move |prefix| (map, prefix))) {
            let mut found: BTreeMap<(u16, bool, bool, bool), Form> = BTreeMap::new();
            for (opcode, (long, wide)) in opcodes() {
                for modrm in (0..8).flat_map(|reg: u8| [reg << 3 | 3, 0xC1 | reg << 3, reg << 3 | 4]) {
                    // A gather has a SIB byte, and three different registers.
                    let gathers = modrm & 0xC7 == 4;
                    let vvvv = if gathers { 0x70 } else { 0x78 };
                    let third = u8::from(wide) << 7 | vvvv | u8::from(long) << 2 | prefix;
                    let Some(insn) = self.decoded(&[0xC4, 0xE0 | map, third, opcode], modrm) else { continue };
                    let Some(row) = isa::row_of(insn.op).filter(|row| is_tried(row)) else { continue };
                    if gathers != row.operands.contains(&Operand::Vm) || insn.flags & REFUSED != 0 {
                        continue;
                    }
                    let matters = row.vex.sized && self.size == CodeSize::Bits64;
                    let long = long && row.vex.length == isa::Length::Both;
                    let form =
                        found.entry((insn.op, insn.is_memory(), long, wide && matters)).or_insert_with(|| Form {
                            row: Some(row),
                            op: insn.op,
                            in_memory: insn.is_memory(),
                            group: group_of(row, &[]),
                            code: Code::Vex(map, prefix, third & 4 != 0, wide),
                            prefixes: Vec::new(),
                            opcode: vec![opcode],
                            modrms: Vec::new(),
                        });
                    if form.code == Code::Vex(map, prefix, third & 4 != 0, wide)
                        && row.name != "vzeroupper"
                        && row.name != "vzeroall"
                    {
                        form.modrms.push(modrm);
                    }
                }
            }
            self.all.extend(found.into_values());
        }
    }

    fn add_undefined(&mut self) {
        for opcode in UNDEFINED {
            self.all.push(Form {
                row: None,
                op: isa::UNDEFINED_ROW,
                in_memory: false,
                group: UNDEFINED_GROUP,
                code: Code::Legacy,
                prefixes: Vec::new(),
                opcode: opcode.to_vec(),
                modrms: Vec::new(),
            });
        }
    }

    /// The prefixes make no other instruction of it than one of them, or none, and no other operand size.
    fn is_twin(&self, row: &Row, insn: &Insn, prefixes: &[u8], opcode: &[u8], modrm: u8) -> bool {
        let fewer = match prefixes {
            [] => return false,
            [_] => &[][..],
            [_, rest @ ..] => rest,
        };
        let plain = self.decoded(&[fewer, opcode].concat(), modrm);
        let sized = !std::ptr::fn_addr_eq(row.handlers[0], row.handlers[1]);
        plain.is_some_and(|plain| plain.op == insn.op) && !(sized && prefixes[0] == 0x66 && !insn.has(OPERAND_32))
    }

    fn decoded(&self, stem: &[u8], modrm: u8) -> Option<Insn> {
        let mut code = stem.to_vec();
        code.extend([modrm, 3 | 3 << 3]);
        code.resize(15, 0);
        match decode(&code, self.size, self.features) {
            Decoded::Insn(insn, _) if insn.op != isa::UNDEFINED_ROW => Some(insn),
            _ => None,
        }
    }
}

/// Not a prefix, an escape or a way into another encoding.
fn is_opcode(size: CodeSize, escapes: usize, opcode: u8) -> bool {
    let is_64 = size == CodeSize::Bits64;
    match escapes {
        0 => match opcode {
            0x26 | 0x2E | 0x36 | 0x3E | 0x64..=0x67 | 0xF0 | 0xF2 | 0xF3 | 0x0F | 0xC4 | 0xC5 => false,
            0x40..=0x4F | 0x62 => !is_64,
            _ => true,
        },
        1 => !matches!(opcode, 0x38 | 0x3A),
        _ => true,
    }
}

/// True unless an instruction must not be executed or cannot be compared.
pub(crate) fn is_tried(row: &Row) -> bool {
    let far = matches!(row.name, "call" | "jmp") && matches!(row.operands[0], Operand::Ap | Operand::M);
    let loads_segment = match row.name {
        "mov" => row.operands[0] == Operand::Sw,
        "pop" => matches!(row.operands[0], Operand::Seg(_)),
        _ => false,
    };
    !(LEFT_OUT.contains(&row.name) || APPROXIMATE.contains(&row.name) || far || loads_segment || row.name == "x87")
}

/// What a processor must have.
pub(crate) fn needs(row: &Row, code: Code) -> Vec<Feature> {
    let mut all = vec![row.feature];
    if let Code::Vex(_, _, long, _) = code {
        all.extend([Feature::Avx].into_iter().filter(|_| row.vex.wide != Feature::Bmi1));
        all.extend([row.vex.wide].into_iter().filter(|_| long));
    }
    all
}

/// The group of a row, by what it needs or, among the oldest, by its name.
pub(crate) fn group_of(row: &Row, opcode: &[u8]) -> usize {
    use Feature as F;
    if matches!(opcode, [0xD8..=0xDF]) || row.name == "wait" {
        return X87;
    }
    match row.feature {
        F::Mmx => 12,
        F::Sse => 13,
        F::Sse2 => 14,
        F::Sse3 | F::Ssse3 => 15,
        F::Sse41 | F::Sse42 | F::Sse4a => 16,
        F::Aes | F::Pclmulqdq | F::Sha | F::Vaes | F::Vpclmulqdq => 17,
        F::Bmi1 | F::Bmi2 | F::Adx | F::Abm | F::Popcnt | F::Movbe => 18,
        F::Avx => 19,
        F::Avx2 => 20,
        F::Fma | F::F16c => 21,
        F::Gfni => 22,
        F::Clflush | F::ClflushOpt | F::Clwb | F::Prefetchw => 23,
        _ => group_of_name(row),
    }
}

fn group_of_name(row: &Row) -> usize {
    let name = row.name;
    match name {
        "add" | "or" | "adc" | "sbb" | "and" | "sub" | "xor" | "cmp" | "inc" | "dec" | "neg" | "not" | "test"
        | "cmpxchg" | "xadd" | "cmpxchg8b" => 0,
        "rol" | "ror" | "rcl" | "rcr" | "shl" | "shr" | "sal" | "sar" | "shld" | "shrd" => 2,
        "mul" | "imul" | "div" | "idiv" => 3,
        "bt" | "bts" | "btr" | "btc" | "bsf" | "bsr" | "bswap" | "lzcnt" | "tzcnt" => 4,
        "movsb" | "movs" | "cmpsb" | "cmps" | "stosb" | "stos" | "lodsb" | "lods" | "scasb" | "scas" => STRINGS,
        "push" | "pop" | "pusha" | "popa" | "pushf" | "popf" | "enter" | "leave" => 6,
        "call" | "ret" | "jmp" | "loop" | "loope" | "loopne" | "jcxz" | "into" | "int3" | "bound" => 7,
        "daa" | "das" | "aaa" | "aas" | "aam" | "aad" | "sahf" | "lahf" | "salc" | "clc" | "stc" | "cmc" | "cld"
        | "std" | "arpl" => 8,
        "ud2" => UNDEFINED_GROUP,
        "emms" => 12,
        _ if name.starts_with('j') => 7,
        _ if name.starts_with("mov") || name.starts_with("cmov") || name.starts_with("set") => 1,
        "xchg" | "lea" | "cbw" | "cwd" | "xlatb" | "nop" => 1,
        _ => 9,
    }
}
