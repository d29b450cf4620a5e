//! All commands, a row each. What a row says is in [`crate::commands`].

use std::io::{self, Write};

use crate::commands::{Arguments, Command, Group, LookFn, Run, Takes, row};
use crate::desk::Desk;
use crate::page::Answered;
use crate::session::{Flow, Session};
use crate::target::Target;
use crate::{
    acting, asking, back, breaking, event_table, help, looking, origin, reverse, running, session, timeline, tour,
};

type ActFn = fn(&mut dyn Target, &mut Desk, &Arguments<'_>) -> Answered;
type SessionFn = fn(&mut Session<'_>, &Arguments<'_>, &mut dyn Write) -> io::Result<Flow>;

const fn runs(name: &'static str, shortest: &'static str, function: ActFn) -> Command {
    row(Group::Running, name, shortest, Run::Act(function))
}

const fn stops(name: &'static str, shortest: &'static str, function: LookFn) -> Command {
    row(Group::Stopping, name, shortest, Run::Look(function))
}

const fn looks(name: &'static str, shortest: &'static str, function: LookFn) -> Command {
    row(Group::Looking, name, shortest, Run::Look(function))
}

const fn acts(name: &'static str, shortest: &'static str, function: ActFn) -> Command {
    row(Group::Changing, name, shortest, Run::Act(function))
}

const fn concerns(name: &'static str, shortest: &'static str, function: SessionFn) -> Command {
    row(Group::Session, name, shortest, Run::Session(function))
}

/// All commands.
pub static COMMANDS: &[Command] = &[
    runs("step", "s", running::step)
        .also(&[("si", ""), ("stepi", "")])
        .takes("[N] [iteration|instruction|event]", Takes::Word(&["iteration", "instruction", "event"]))
        .help("make one step, or N", &["step", "s 100", "s instruction", "s event"])
        .more(
            "A step is an instruction, one iteration of a REP instruction, the delivery of an interrupt or exception, \
             or a span of idling in HLT. `instruction` takes all iterations of a REP instruction as one; `event` goes on \
             to the next delivery. Breakpoints and watchpoints count.",
            &["next", "out", "until"],
        )
        .repeats(),
    runs("next", "n", running::next)
        .also(&[("over", ""), ("ni", ""), ("nexti", "")])
        .takes("[N]", Takes::Expression)
        .help("step, but run through calls, INT, REP and interrupts", &["next", "n 3"])
        .more("It comes back where the stack is as deep as now: recursion does not stop it.", &["step", "out"])
        .repeats(),
    runs("out", "o", running::out)
        .also(&[("finish", ""), ("fin", "")])
        .help("run to the end of this procedure or handler, and return", &["out"])
        .more("The end is the RET or IRET that runs with the stack no deeper than now.", &["step", "until"]),
    runs("until", "un", running::until)
        .takes("ADDR | CONDITION | serial TEXT | screen TEXT", Takes::Expression)
        .help(
            "run to an address, or until something holds",
            &["until 0000:7c05", "until cx == 0", "until serial \"hello\"", "until screen Booting"],
        )
        .more(
            "A condition is looked at after every step, which is slow; an address or a text is fast. TEXT may be in \
             quotes. `until if EXPR` takes any expression as a condition.",
            &["goto", "break"],
        ),
    runs("continue", "c", running::carry_on)
        .help("run until something stops the machine", &["continue"])
        .more("Ctrl-C stops it.", &["until", "goto", "break"])
        .repeats(),
    runs("goto", "g", running::goto)
        .takes("POSITION | +N | -N | N% | start | end | retired N", Takes::Expression)
        .help("go to a position, ahead or in the past", &["goto 1000", "goto +500", "goto 37%", "goto retired 200"])
        .more(
            "A position counts cycles since power-on; the first boundary at or after it stops. `retired` counts \
             instructions instead. What has been already is gone to at once, past all breakpoints; what lies ahead \
             is run to.",
            &["until", "timeline", "reverse-step"],
        ),
    runs("reverse-step", "reverse-s", back::reverse_step)
        .also(&[("rs", ""), ("rsi", ""), ("reverse-stepi", "")])
        .takes("[N] [iteration|instruction|event]", Takes::Word(&["iteration", "instruction", "event"]))
        .help("go back one step, or N", &["reverse-step", "rs 100", "rs instruction", "rs event"])
        .more(
            "The steps are those of `step`. `instruction` takes all iterations of a REP instruction as one; `event` \
             goes back to where the last interrupt or exception was delivered.",
            &["reverse-next", "reverse-continue", "goto"],
        )
        .repeats(),
    runs("reverse-next", "reverse-n", back::reverse_next)
        .also(&[("rn", ""), ("rni", ""), ("reverse-nexti", "")])
        .takes("[N]", Takes::Expression)
        .help("go back one step, over calls, INT, REP and interrupts", &["reverse-next"])
        .more("Calls and returns are paired on the way.", &["reverse-step", "reverse-finish"])
        .repeats(),
    runs("reverse-finish", "reverse-f", back::reverse_finish)
        .also(&[("reverse-out", ""), ("ro", "")])
        .help("go back to the call that entered this procedure or handler", &["reverse-finish"])
        .more("Calls and returns are paired on the way.", &["reverse-next", "out"]),
    runs("reverse-continue", "reverse-c", reverse::reverse_continue)
        .also(&[("rc", "")])
        .help("go back to the last stop before this moment", &["reverse-continue"])
        .more(
            "Breakpoints and watchpoints stop as they do forward, with their conditions and counts, and so does \
             whatever else ends a run. Ctrl-C gives up, and the machine is where it was.",
            &["reverse-step", "break", "watch"],
        )
        .repeats(),
    runs("timeline", "ti", timeline::timeline)
        .takes("[BRANCH | name NAME]", Takes::Nothing)
        .help("the history and its branches, or go to the end of one", &["timeline", "timeline name first-try"])
        .more(
            "Whatever changes the past (set, write, type, reset) opens a branch; the other is kept, and `timeline \
             BRANCH` runs it again.",
            &["goto", "verify"],
        ),
    runs("verify", "ve", timeline::verify)
        .takes("[N]", Takes::Nothing)
        .help("run the history again and compare hashes", &["verify 5"])
        .more("N is how many of the last gaps between checkpoints; without it all.", &["timeline", "hash"]),
    runs("last", "la", asking::last)
        .takes("write ADDR [LENGTH] | change REG | change DEVICE.FIELD", Takes::Expression)
        .help(
            "who wrote this last, or when did a register or a device change",
            &["last write 0x500 word", "last change eax", "last change zf", "last change pic.master imr"],
        )
        .more(
            "The answer is found by running the past again; the machine stays where it is. LENGTH as in `watch`. FIELD is \
             what `device` calls it, or its beginning. Each step is looked at again, which takes longest where the \
             change was long ago.",
            &["first", "all", "reverse-continue", "watch"],
        ),
    runs("origin", "or", origin::origin)
        .takes("ADDR", Takes::Expression)
        .help("where the byte there came from, through plain copies", &["origin 0x7c00", "origin ds:si"])
        .more(
            "Moves, pushes, pops and string instructions are followed back, until the byte came from a port, from an \
             immediate operand, from a calculation, or from outside of the history.",
            &["last", "events"],
        ),
    runs("first", "fir", asking::first)
        .takes("write ADDR [LENGTH]", Takes::Expression)
        .help("who wrote this first", &["first write 0x500 word"])
        .more("As far back as the history goes.", &["last", "all"]),
    runs("all", "al", asking::all)
        .takes("writes ADDR [LENGTH] [most N]", Takes::Expression)
        .help("the last writes to this, the newest last", &["all writes 0x500 most 50"])
        .more("Without N the last 20.", &["last", "first"]),
    runs("events", "ev", event_table::events)
        .takes("[KIND ..] [most N]", Takes::Word(&event_table::ASKED))
        .help("what happened before this moment, the newest last", &["events", "events port 0x60 exception most 50", "events screen"])
        .more(
            "KIND as in `break`; without one interrupts, exceptions, changes of ring, mode and task, and loads of CR3. \
             `screen` is any change of the text screen; what changes within one picture of a monitor is told together.",
            &["break", "goto", "last"],
        ),
    stops("break", "b", breaking::set)
        .also(&[("lb", "lin "), ("pb", "phys "), ("vb", ""), ("lbreak", "lin "), ("pbreak", "phys "), ("vbreak", "")])
        .takes("[ADDR | KIND ..] [if CONDITION] [ignore N] [do \"COMMANDS\"]", Takes::Expression)
        .help(
            "set a breakpoint, or list all",
            &["break 0000:7c00", "break *0x7c00", "break phys 0x7c00", "break cs:eip+2 ignore 3 if ax == 0x13", "break screen \"login:\""],
        )
        .more(
            "seg:off stops in any mode with that selector and offset; linear and physical addresses stop whatever the \
             selector. KIND is interrupt [VECTOR], int [VECTOR], exception [VECTOR or gp, pf, ..], port N [COUNT] \
             [r|w], mmio ADDR [BYTES] [r|w], cr [N], cr3, msr [N], cpl [N], mode, task, segment [SELECTOR], tlb \
             [ADDR], screen \"TEXT\" or, for any change, screen: the stop comes behind what happened. COMMANDS are run where it stops, as in do \
             \"regs; continue\".",
            &["tbreak", "watch", "delete", "condition", "ignore", "commands"],
        ),
    stops("tbreak", "tb", breaking::set_temporary)
        .takes("ADDR [if CONDITION] [ignore N]", Takes::Expression)
        .help("set a breakpoint that goes away with its first stop", &["tbreak 0000:7c00"])
        .more("", &["break", "until"]),
    stops("watch", "wat", breaking::watch)
        .takes("[ADDR] [LENGTH] [r|w|rw] [if CONDITION] [ignore N] [do \"COMMANDS\"]", Takes::Expression)
        .help(
            "stop when memory is written (or read), or list all",
            &["watch 0040:0013 word", "watch phys 0x500 16 rw", "watch 0x7e00 512 w if ax != 0"],
        )
        .more(
            "LENGTH is in bytes, or byte, word, dword, qword; without it 1. The stop comes after the instruction and \
             shows the old and the new value.",
            &["break", "delete"],
        ),
    stops("delete", "d", breaking::delete)
        .also(&[("del", "")])
        .takes("[N..]", Takes::Nothing)
        .help("delete breakpoints and watchpoints by number, or all", &["delete"])
        .more("", &["disable", "info"]),
    stops("enable", "en", breaking::enable)
        .also(&[("bpe", "")])
        .takes("[N..]", Takes::Nothing)
        .help("put breakpoints in force again, or all", &["enable"])
        .more("", &["disable"]),
    stops("disable", "disab", breaking::disable)
        .also(&[("bpd", "")])
        .takes("[N..]", Takes::Nothing)
        .help("keep breakpoints, but pass them by", &["disable"])
        .more("", &["enable", "delete"]),
    stops("condition", "cond", breaking::condition)
        .takes("N [CONDITION]", Takes::Expression)
        .help("let a breakpoint stop only where a condition holds", &["condition 1 ax == 5", "condition 1"])
        .more("Without a condition it stops always.", &["break", "ignore"]),
    stops("ignore", "ig", breaking::ignore)
        .takes("N COUNT", Takes::Nothing)
        .help("pass a breakpoint by so many times", &["ignore 1 10"])
        .more("", &["break", "condition"]),
    stops("commands", "comma", breaking::commands)
        .takes("N [\"COMMANDS\"]", Takes::Nothing)
        .help("run commands where a breakpoint stops", &["commands 1 \"regs; continue\"", "commands 1"])
        .more("Without commands it only stops. What follows a command that runs the machine on is left out if that \
             stops at a breakpoint with commands of its own.", &["break", "condition"]),
    looks("context", "conte", looking::show_context)
        .also(&[("ctx", ""), ("where", "")])
        .help("what is shown at each stop", &["context"])
        .more("Registers that changed since the last stop are marked with *.", &["regs", "stack", "disassemble"]),
    looks("regs", "r", looking::regs)
        .also(&[("registers", ""), ("reg", "")])
        .help("all registers, with hidden segment state and decoded flags", &["regs"])
        .more("Flags in capitals are set; * marks what changed since the last stop.", &["set", "info"]),
    looks("x", "x", looking::examine)
        .also(&[("xp", "phys ")])
        .takes("[/FORMAT] [ADDR]", Takes::Expression)
        .help("memory", &["x 0000:7c00", "x/8xb ds:si", "x/4i cs:eip", "x/2xw phys 0x7c00"])
        .more(
            "FORMAT is a count, a shape (x u d o t c s i, m for a dump) and a unit (b h w g: 1 2 4 8 bytes). Without \
             ADDR it goes on. ?? is where nothing is mapped or no memory answers. ADDR is seg:off (hexadecimal beside \
             the colon), `lin EXPR` or a bare EXPR (linear), or `phys EXPR`.",
            &["disassemble", "stack", "write", "walk"],
        )
        .repeats(),
    looks("disassemble", "disas", looking::disassemble)
        .also(&[("u", ""), ("unassemble", "")])
        .takes("[/N] [ADDR] [N]", Takes::Expression)
        .help("instructions, by the bitness of the present code segment", &["u", "u/5 0000:7c00", "disas cs:eip, 20"])
        .more("Without ADDR it goes on, at first from the next instruction.", &["x", "context"])
        .repeats(),
    looks("stack", "sta", looking::show_stack)
        .also(&[("print-stack", "")])
        .takes("[N]", Takes::Expression)
        .help("N slots from the top of the stack", &["stack", "stack 4"])
        .more("", &["x", "regs"]),
    looks("print", "p", looking::print)
        .also(&[("calc", "")])
        .takes("EXPR | ADDR", Takes::Expression)
        .help(
            "the value of an expression, or where an address leads",
            &["print ax + 0x10", "p ds:si", "p word [0x413]"],
        )
        .more(
            "Numbers are decimal, or hexadecimal as 0x1f or 1fh. Registers, flags, position and retired are names. \
             byte word dword qword [ADDR] read memory. Operators are those of C; comparisons give 0 or 1.",
            &["set", "x"],
        ),
    looks("info", "i", looking::info)
        .takes("[TOPIC]", Takes::Topic)
        .help("what the processor and the machine hold, by topic", &["info gdt", "info idt 0x21", "info break"])
        .more("Without a topic it lists them. A device's name is a topic too.", &["regs", "device", "walk"]),
    looks("walk", "wal", looking::walk)
        .also(&[("page", "")])
        .takes("[ADDR]", Takes::Expression)
        .help("the page walk of an address, and the TLB's copy beside it", &["walk 0x7c00", "walk cs:eip"])
        .more("STALE marks a copy that says something else than the tables now. No flag is set by looking.", &["info"]),
    looks("screen", "sc", looking::screen)
        .help("the text screen", &["screen"])
        .more("", &["screenshot", "serial", "type"]),
    looks("serial", "ser", looking::serial)
        .takes("[LINES]", Takes::Nothing)
        .help("the last lines that COM1 sent", &["serial", "serial 5"])
        .more("", &["screen", "until"]),
    looks("device", "dev", looking::device)
        .takes("[NAME]", Takes::Device)
        .help("a device's state in words", &["device pic"])
        .more("Looking takes nothing out of a FIFO and clears no flag.", &["devices", "info"]),
    looks("devices", "devices", looking::devices).help("the names of all devices", &["devices"]).more("", &["device"]),
    acts("hash", "ha", acting::hash)
        .help("the state hash: equal for equal machines", &["hash"])
        .more("", &["save", "goto"]),
    acts("set", "set", acting::set)
        .takes("REG = EXPR | byte|word|dword ADDR = VALUE..", Takes::Expression)
        .help("change a register, a flag or memory", &["set ax = 0x4c00", "set if = 0", "set word 0040:0013 = 640"])
        .more("A segment register loads its hidden part as the mode demands, without checks.", &["write", "print"]),
    acts("write", "wr", acting::write)
        .takes("[/b|h|w|g] ADDR = VALUE..", Takes::Expression)
        .help("write memory", &["write 0000:0500 = 0x90 0x90", "write/w 0x500 = 1, 2", "write 0x500 = \"text\""])
        .more("Each VALUE is a number, a register, an expression in brackets, or a quoted text.", &["set", "x"]),
    acts("type", "ty", acting::type_text)
        .takes("TEXT", Takes::Nothing)
        .help("press keys", &["type dir\\n", "type \"hello world\\n\""])
        .more("\\n is Enter, \\t Tab, \\e Escape. Quotes keep blanks at the ends.", &["screen", "until"]),
    acts("save", "sa", acting::save)
        .takes("FILE [on BASE]", Takes::File)
        .help("save the machine into a file", &["save here.snap", "save later.snap on here.snap"])
        .more(
            "With a base the file keeps only the pages that differ from that snapshot's, which must lie in the same \
             folder, under whatever name, when the file is used.",
            &["restore", "hash"],
        ),
    acts("restore", "rest", acting::restore)
        .takes("FILE", Takes::File)
        .help("restore the machine from a file; breakpoints stay", &["restore here.snap"])
        .more("", &["save"]),
    acts("screenshot", "screens", acting::screenshot)
        .takes("FILE", Takes::File)
        .help("save the screen as a PNG file", &["screenshot screen.png"])
        .more("", &["screen"]),
    acts("reset", "rese", acting::reset)
        .help("press the machine's reset button", &["reset"])
        .more("Memory keeps its content; the processor starts at f000:fff0.", &["restore"]),
    row(Group::Session, "tour", "to", Run::Act(tour::tour))
        .takes("[list|next|again|off]", Takes::Word(&["list", "next", "again", "off"]))
        .help("the guided tour of a PC's start", &["tour", "tour next"])
        .more("Once begun, every run stops at its stops; `tour off` ends that.", &["context", "help"])
        .repeats(),
    concerns("source", "so", session::source)
        .takes("FILE", Takes::File)
        .help("run the commands in a file", &["source setup.rw"])
        .more("One command a line; # begins a comment. The first that fails ends it.", &["history"]),
    row(Group::Session, "history", "hi", Run::Look(looking::history))
        .takes("[N]", Takes::Nothing)
        .help("the last commands", &["history"])
        .more("", &["source"]),
    row(Group::Session, "help", "h", Run::Look(help::help))
        .also(&[("?", ""), ("man", "")])
        .takes("[COMMAND]", Takes::Command)
        .help("all commands, or one of them", &["help", "help x"])
        .more("", &["apropos"]),
    row(Group::Session, "apropos", "ap", Run::Look(help::apropos))
        .takes("WORD", Takes::Nothing)
        .help("commands whose help has a word", &["apropos memory"])
        .more("", &["help"]),
    concerns("quit", "q", session::quit)
        .also(&[("exit", "")])
        .help("leave (Ctrl-D too)", &["quit"])
        .more("The machine is gone then: `save` keeps it.", &["save"]),
];
