//! Guest MIPS by kind of work: to be filled by the benchmark suite.

fn main() {}
