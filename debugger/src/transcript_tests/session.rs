//! What belongs to no command alone: trouble, help, JSON, the tour, batches and files of commands.

use ringwalk_cpu::state::CR0_PE;

use super::{COUNTING, first_lines, transcript, transcript_with};
use crate::commands::{COMMANDS, Run, TOPICS};
use crate::fake::Fake;
use crate::front::{batch, lines};
use crate::session::{Flow, Options, Session};

#[test]
fn trouble_is_told_with_what_to_do() {
    let mut fake = Fake::new();
    let typed = [
        "stpe",
        "se",
        "frobnicate",
        "step x",
        "step 1 2",
        "x 7c00",
        "x",
        "x/8q 0",
        "regs/4 x",
        "break",
        "break 1 if",
        "watch",
        "watch 0 0",
        "print",
        "p 1/0",
        "p (1",
        "walk phys 0",
        "info ldt",
        "info tss",
        "until serial",
        "reverse-step",
        "tour",
        "quit now",
        "save",
        "type",
        "source /nowhere/at.all",
        "info registers now",
        "help frob",
        "p byte [0xa0000]",
        "\"",
    ];
    insta::assert_snapshot!(first_lines(&mut fake, &typed), @r#"
    stpe: error: no command is called `stpe`: did you mean `step`? `help` lists them all
    se: error: `se` can be serial, set
    frobnicate: error: no command is called `frobnicate`; `help` lists them all
    step x: error: `x` is neither a number nor a register (column 1 of `x`)
    step 1 2: error: this is more than the command takes (column 3 of `1 2`)
    x 7c00: error: `7c00` is not a decimal number or a register: hexadecimal is written 0x7c00 or 7c00h (column 1 of `7c00`)
    x: error: an address is missing; usage: x [/FORMAT] [ADDR]
    x/8q 0: error: `q` is no format letter; usage: x/COUNT with a shape of x d u o t c s i m and a unit of b h w g (1 2 4 8 bytes)
    regs/4 x: error: `regs` takes no format behind a slash; usage: regs
    break: no breakpoints; `break ADDR` or `watch ADDR` sets one
    break 1 if: error: a number, a register or an address is missing (column 5 of `1 if`)
    watch: no breakpoints; `break ADDR` or `watch ADDR` sets one
    watch 0 0: error: a watchpoint covers at least 1 byte and at most 4 GiB (column 4 of `0 0`)
    print: error: an expression is missing; usage: print EXPR | ADDR
    p 1/0: error: division by zero
    p (1: error: a ) is missing (column 3 of `(1`)
    walk phys 0: error: a physical address is not translated any further
    info ldt: error: there is no LDT: LDTR holds a null selector
    info tss: error: there is no task: TR holds a null selector
    until serial: error: `serial` is neither a number nor a register (column 1 of `serial`)
    reverse-step: the history begins here  [position 0, retired 0]
    tour: error: there is no tour of this machine; `ringwalk` without arguments starts the one with a tour
    quit now: error: `now` is more than it takes; usage: quit
    save: error: a file name is missing; usage: save FILE [on BASE]
    type: error: a text is missing; usage: type TEXT
    source /nowhere/at.all: error: /nowhere/at.all cannot be read: No such file or directory (os error 2)
    info registers now: error: `now` is more than it takes; usage: info registers
    help frob: error: no command is called `frob`; `help` lists them all
    p byte [0xa0000]: error: lin 000a0000 cannot be read: no memory answers
    ": error: no command is called `"`: did you mean `x`? `help` lists them all
    "#);
}

#[test]
fn help_from_the_table() {
    let mut fake = Fake::new();
    insta::assert_snapshot!(
        "help",
        transcript(&mut fake, &["help", "info", "help break", "help info gdt", "apropos screen", "apropos qqq"])
    );
    for command in COMMANDS {
        let text = transcript(&mut fake, &[&format!("help {}", command.name)]);
        assert!(text.contains(command.examples[0]), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}

#[test]
fn every_example_is_a_command_that_can_be_read() {
    for command in COMMANDS.iter().chain(TOPICS) {
        for example in command.examples {
            let mut fake = Fake::with_code(&COUNTING);
            let mut session = Session::new(&mut fake, Options::default()).unwrap();
            session.exec("break 0:7c06", &mut Vec::new()).unwrap();
            if let Flow::Failed(error) = session.exec(example, &mut Vec::new()).unwrap() {
                assert!(!error.is_syntax(), "{example}: {error}");
            }
        }
    }
}

#[test]
fn looking_changes_nothing() {
    let mut fake = Fake::with_code(&COUNTING);
    fake.cpu.cr0 |= ringwalk_cpu::state::CR0_PG | CR0_PE;
    fake.cpu.cr3 = 0x10_0000;
    fake.poke(0x10_0000, &0x0010_1007_u32.to_le_bytes());
    for page in 0..16_u32 {
        fake.poke(0x10_1000 + 4 * u64::from(page), &(page << 12 | 7).to_le_bytes());
    }
    let (cpu, memory) = (fake.cpu.clone(), fake.memory.frames.bytes().to_vec());
    for json in [false, true] {
        let mut session = Session::new(&mut fake, Options { json, ..Options::default() }).unwrap();
        let looking = COMMANDS.iter().filter(|command| matches!(command.run, Run::Look(_)));
        for command in looking.chain(TOPICS) {
            for example in command.examples {
                session.exec(example, &mut Vec::new()).unwrap();
            }
        }
        session.exec("walk 0x7c00; x/64 0x7c00; u/50; stack 100; p [ds:si]", &mut Vec::new()).unwrap();
    }
    assert_eq!(fake.cpu, cpu);
    assert!(fake.memory.frames.bytes() == memory, "memory is as it was");
}

#[test]
fn json_is_one_object_a_command() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = || Options { json: true, ..Options::default() };
    let text = transcript_with(
        &mut fake,
        options(),
        &["p ax+1", "p cs:eip", "frob", "hash", "x/2xb 0:7c00", "b 0:7c20", "u/1", "walk 0x7c00"],
    );
    insta::assert_snapshot!(text, @r#"
    ringwalk> p ax+1
    {"command":"print","ok":true,"value":{"value":1}}
    ringwalk> p cs:eip
    {"command":"print","ok":true,"value":{"address":{"logical":"0000:7c00","linear":31744,"physical":31744}}}
    ringwalk> frob
    {"command":"frob","ok":false,"error":"no command is called `frob`; `help` lists them all"}
    error: no command is called `frob`; `help` lists them all
    ringwalk> hash
    {"command":"hash","ok":true,"value":{"hash":"0000000000000000000000000000000000000000000000000000000000000000","position":0,"retired":0}}
    ringwalk> x/2xb 0:7c00
    {"command":"x","ok":true,"value":{"address":{"logical":"0000:7c00","linear":31744,"physical":31744},"units":[185,3],"format":{"count":2,"shape":"hex","bytes":1},"text":null}}
    ringwalk> b 0:7c20
    {"command":"break","ok":true,"value":{"id":1,"kind":"break","place":"0000:7c20","enabled":true,"temporary":false,"condition":null,"ignore":0,"hits":0,"holds":null,"actions":null}}
    ringwalk> u/1
    {"command":"disassemble","ok":true,"value":{"lines":[{"address":"0000:7c00","linear":31744,"bytes":"b90300","text":"mov cx, 3","next":true}]}}
    ringwalk> walk 0x7c00
    {"command":"walk","ok":true,"value":{"address":{"logical":null,"linear":31744,"physical":31744},"paging":"off","cr3":0,"levels":[],"page":null,"fails":null,"tlb":null,"stale":false,"a20":true,"answers":"RAM","byte":185}}
    "#);
    for command in COMMANDS.iter().chain(TOPICS) {
        let mut fake = Fake::with_code(&COUNTING);
        let text = transcript_with(&mut fake, options(), &[command.examples[0]]);
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["ok"].is_boolean() && value["command"].is_string(), "{line}");
        }
    }
}

#[test]
fn a_stop_as_json_has_all_that_the_text_has() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = Options { json: true, ..Options::default() };
    let text = transcript_with(&mut fake, options, &["watch 0x500 2; c"]);
    let stop: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let why = &stop["value"]["why"];
    assert_eq!((&why["kind"], &why["id"]), (&"watch".into(), &1.into()));
    assert_eq!((&why["access"]["old"], &why["access"]["new"]), (&0.into(), &0x1234.into()));
    assert_eq!(stop["value"]["general"][0]["name"], "eax");
    assert_eq!(stop["value"]["mode"]["mode"], "real");
}

const SCRIPT: &str = "# comment\n7c03 | real | The loop | It calls a procedure. Type `next` to run through it.\n\n\
    0x7c09 | any | The end of the loop | CX is zero now.\n7c0f | paging, ring 0 | Never | -\n";

#[test]
fn the_tour_goes_from_stop_to_stop() {
    let mut fake = Fake::with_code(&COUNTING);
    let options = Options { tour: Some(SCRIPT.to_string()), ..Options::default() };
    let typed =
        ["tour", "tour again", "tour next", "tour again", "tour next", "tour", "tour list", "tour off", "continue"];
    let text = transcript_with(&mut fake, options, &typed);
    insta::assert_snapshot!("tour", text);
    let broken = Options { tour: Some("7c00 | real | x".to_string()), ..Options::default() };
    let error = Session::new(&mut fake, broken).err().unwrap();
    insta::assert_snapshot!(error.to_string(), @"line 1 of the tour: it is not `address | mode | title | explanation`");
}

#[test]
fn batches_end_at_the_first_failure() {
    let mut fake = Fake::with_code(&COUNTING);
    let mut session = Session::new(&mut fake, Options::default()).unwrap();
    let mut out = Vec::new();
    let result = batch(&mut session, "p 1; frob; p 2", &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "0x1 = 1\n");
    assert!(result.unwrap_err().to_string().starts_with("no command is called `frob`"));
    let result = batch(&mut session, "p 1\n\n# note\nx 7c00\n", &mut Vec::new()).unwrap();
    assert!(result.unwrap_err().to_string().starts_with("line 4: "));
    assert_eq!(batch(&mut session, "p 1; quit; frob", &mut Vec::new()).unwrap(), Ok(()));
}

#[test]
fn piped_lines_go_on_after_trouble_and_repeat_nothing() {
    let mut fake = Fake::with_code(&COUNTING);
    let mut session = Session::new(&mut fake, Options::default()).unwrap();
    let mut out = Vec::new();
    lines(&mut session, &mut "s\n\nfrob\np ip\nq\np 1\n".as_bytes(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("error: no command"), "{text}");
    assert!(text.ends_with("0x7c03 = 31747\n"), "{text}");
}

#[test]
fn files_of_commands() {
    let folder = std::env::temp_dir().join(format!("ringwalk-debugger-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name);
    std::fs::write(file("good.rw"), "# two\np 1; p 2\n\np 3\n").unwrap();
    std::fs::write(file("bad.rw"), "p 1\nfrob\n").unwrap();
    std::fs::write(file("loop.rw"), format!("source {}\n", file("loop.rw").display())).unwrap();
    let mut fake = Fake::new();
    let source = |name: &str| format!("source {}", file(name).display());
    let typed = [source("good.rw"), source("bad.rw"), source("loop.rw")];
    let text = transcript(&mut fake, &typed.each_ref().map(String::as_str));
    std::fs::remove_dir_all(&folder).unwrap();
    let text = text.replace(&folder.display().to_string(), "FOLDER");
    insta::assert_snapshot!(text, @r"
    ringwalk> source FOLDER/good.rw
    0x1 = 1
    0x2 = 2
    0x3 = 3
    ringwalk> source FOLDER/bad.rw
    0x1 = 1
    error: FOLDER/bad.rw line 2: no command is called `frob`; `help` lists them all
    ringwalk> source FOLDER/loop.rw
    error: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw line 1: FOLDER/loop.rw calls itself, or files call each other too deeply
    ");
}
