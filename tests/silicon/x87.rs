//! The comparison of x87 instructions.

use std::collections::BTreeMap;

use crate::forms::{self, Form};
use crate::host;
use crate::image::{Image, Operand};
use crate::operands::{self, Random};
use crate::ours::Ours;

/// Differences that are printed in full.
const PRINTED: usize = 24;

/// What an instruction left behind.
struct Left {
    image: Image,
    operand: Operand,
    rax: Option<u64>,
}

pub(crate) fn run() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let operations = numbers.first().copied().unwrap_or(1_000_000);
    let seed = numbers.get(1).copied().unwrap_or(0x9E37_79B9_7F4A_7C15);
    let only = std::env::args().skip(1).find(|text| text.starts_with('f'));
    let mut forms = forms::all();
    forms.retain(|form| only.as_ref().is_none_or(|name| form.name == name));
    let mut random = Random(seed | 1);
    if let Some(path) = std::env::var_os("RECORD") {
        return record(&forms, &mut random, std::path::Path::new(&path));
    }
    let mut ours = Ours::new();
    let mut different: BTreeMap<&str, u64> = BTreeMap::new();
    let mut printed = 0;
    for _ in 0..operations {
        let form = &forms[random.below(forms.len() as u64) as usize];
        let (before, operand) = (operands::image(&mut random), operands::operand(&mut random));
        let theirs = on_host(form, &before, operand);
        let mine = on_ours(&mut ours, form, &before, operand);
        if let Some(what) = difference(form, &mine, &theirs) {
            let count = different.entry(form.name).or_default();
            *count += 1;
            if *count <= 3 && printed < PRINTED {
                printed += 1;
                println!("{}", describe(form, &before, &operand, &mine, &theirs, &what));
            }
        }
    }
    println!("x87: {operations} operations in {} forms, seed {seed}", forms.len());
    println!("x87: {} differ from the host: {different:?}", different.values().sum::<u64>());
    if !different.is_empty() {
        std::process::exit(1);
    }
}

/// Vectors of each instruction in each of its forms on memory and on registers, as the host gives them: escape and
/// ModRM, then state and memory before and after. `tests/it/x87_silicon.rs` reads them.
fn record(forms: &[Form], random: &mut Random, path: &std::path::Path) {
    const EACH: u64 = 8;
    let mut places: BTreeMap<(u8, &str, bool), Vec<&Form>> = BTreeMap::new();
    for form in forms.iter().filter(|form| form.operand_bytes() <= KEPT) {
        places.entry((form.escape, form.name, form.modrm >= 0xC0)).or_default().push(form);
    }
    let mut all = Vec::new();
    for forms in places.values() {
        for _ in 0..EACH {
            let form = forms[random.below(forms.len() as u64) as usize];
            let (before, operand) = (operands::image(random), operands::operand(random));
            let after = on_host(form, &before, operand);
            all.extend([form.escape, form.modrm]);
            put(&mut all, &before, &operand, 0x1234_5678);
            put(&mut all, &after.image, &after.operand, after.rax.unwrap_or(0));
        }
    }
    std::fs::write(path, &all).expect("the file can be written");
    println!("{} bytes of vectors in {}", all.len(), path.display());
}

/// Bytes of the memory operand that a vector keeps.
const KEPT: usize = 10;

fn put(all: &mut Vec<u8>, image: &Image, operand: &Operand, rax: u64) {
    all.extend(&image.bytes[..5]);
    all.extend((image.flags as u16 & 0x8D5).to_le_bytes());
    all.extend((rax as u32).to_le_bytes());
    all.extend(&operand.0[..KEPT]);
    (0..8).for_each(|number| all.extend(&image.bytes[32 + 16 * number..][..10]));
}

fn on_host(form: &Form, before: &Image, operand: Operand) -> Left {
    let mut left = Left { image: Image::empty(), operand, rax: None };
    left.rax = Some(host::execute(form.escape, form.modrm, before, &mut left.operand, &mut left.image));
    left
}

fn on_ours(ours: &mut Ours, form: &Form, before: &Image, operand: Operand) -> Left {
    let mut left = Left { image: Image::empty(), operand, rax: None };
    left.rax = ours.execute(&form.insn, before, &mut left.operand, &mut left.image);
    left
}

/// What differs, in words.
fn difference(form: &Form, mine: &Left, theirs: &Left) -> Option<String> {
    if mine.rax.is_none() {
        return Some("ours faults".to_owned());
    }
    let mut all = Vec::new();
    let mut compare = |what: &str, mine: u64, theirs: u64| {
        if mine != theirs {
            all.push(format!("{what} {mine:04x} host {theirs:04x}"));
        }
    };
    compare("control", mine.image.word(0).into(), theirs.image.word(0).into());
    compare("status", mine.image.word(2).into(), theirs.image.word(2).into());
    compare("occupied", mine.image.bytes[4].into(), theirs.image.bytes[4].into());
    compare("flags", mine.image.flags & 0x8D5, theirs.image.flags & 0x8D5);
    compare("eax", mine.rax.unwrap_or(0), theirs.rax.unwrap_or(0));
    for number in 0..8 {
        let place = 32 + 16 * number..42 + 16 * number;
        if mine.image.bytes[place.clone()] != theirs.image.bytes[place] {
            all.push(format!("ST({number})"));
        }
    }
    let same = (0..128).filter(|at| form.same_memory(*at)).all(|at| mine.operand.0[at] == theirs.operand.0[at]);
    if !same {
        all.push("memory".to_owned());
    }
    (!all.is_empty()).then(|| all.join(", "))
}

fn describe(form: &Form, before: &Image, operand: &Operand, mine: &Left, theirs: &Left, what: &str) -> String {
    let st = |image: &Image, number: usize| {
        let bytes = &image.bytes[32 + 16 * number..];
        let hex = |range: &[u8]| range.iter().rev().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("{}:{}", hex(&bytes[8..10]), hex(&bytes[..8]))
    };
    let hex = |bytes: &[u8]| bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect::<String>();
    let other = usize::from(if form.modrm >= 0xC0 { form.modrm & 7 } else { 0 }).max(1);
    let mut text = format!("{} ({:02x} {:02x}): {what}\n", form.name, form.escape, form.modrm);
    let mut line = |name: &str, image: &Image, operand: &Operand| {
        text += &format!(
            "  {name:6} control {:04x} status {:04x} occupied {:02x} flags {:03x} ST0 {} ST{other} {} ST7 {} memory {}\n",
            image.word(0),
            image.word(2),
            image.bytes[4],
            image.flags & 0xFFF,
            st(image, 0),
            st(image, other),
            st(image, 7),
            hex(&operand.0[..if form.name.starts_with("fnst") { 12 } else { 10 }]),
        );
    };
    line("before", before, operand);
    line("ours", &mine.image, &mine.operand);
    line("host", &theirs.image, &theirs.operand);
    text
}
