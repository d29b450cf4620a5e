//! Every place a fault can come from: the check in words, and where the manual asks for it.
//!
//! `explain` lives on this list; a test walks it.

use crate::exception::vector;

/// One check of the machine, as data.
#[derive(Clone, Copy, Debug)]
pub struct SiteInfo {
    /// Vector it raises.
    pub vector: u8,
    /// What must hold.
    pub check: &'static str,
    /// Manual section, number and title.
    pub manual: &'static str,
}

macro_rules! sites {
    ($($name:ident: $vector:ident, $check:literal, $manual:literal;)*) => {
        /// A check that can fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the table says it in words")]
        pub enum Site { $($name),* }
        /// All sites in the order of [`Site`].
        pub static SITES: &[(Site, SiteInfo)] =
            &[$((Site::$name, SiteInfo { vector: vector::$vector, check: $check, manual: $manual })),*];
    };
}

// One row gives the variant `Site::DivideError` and its line in `SITES`.
sites! {
    DivideError: DE, "the divisor is not zero and the quotient fits", "SDM Vol.2A \"DIV\"";
    AamZero: DE, "the base of AAM is not zero", "SDM Vol.2A \"AAM\"";
    BoundRange: BR, "the index lies within the bounds", "SDM Vol.2A \"BOUND\"";
    Undefined: UD, "the opcode is defined", "SDM Vol.3A 6.15 \"Interrupt 6-Invalid Opcode Exception (#UD)\"";
    UndefinedLock: UD, "LOCK stands before an instruction that allows it, with a memory destination", "SDM Vol.2A \"LOCK\"";
    UndefinedOperand: UD, "the operand form is allowed for this instruction", "SDM Vol.3A 6.15 \"Interrupt 6-Invalid Opcode Exception (#UD)\"";
    UndefinedInRealMode: UD, "the instruction is recognised in this mode", "SDM Vol.3B 22.3 \"Interrupt and Exception Handling in Virtual-8086 Mode\"";
    UndefinedForModel: UD, "the processor model has the instruction", "SDM Vol.2A \"CPUID\"";
    UndefinedRegister: UD, "the control, debug or segment register exists", "SDM Vol.2B \"MOV-Move to/from Control Registers\"";
    UndefinedByUd2: UD, "UD2 always raises it", "SDM Vol.2B \"UD\"";
    DebugRegisterAlias: UD, "CR4.DE is clear when DR4 or DR5 is named", "SDM Vol.3B 17.2.2 \"Debug Registers DR4 and DR5\"";
    DeviceNotAvailable: NM, "CR0.EM and CR0.TS let a floating-point instruction run", "SDM Vol.3A 2.5 \"Control Registers\"";
    FpuError: MF, "no unmasked floating-point exception is pending", "SDM Vol.1 8.7 \"Handling x87 FPU Exceptions in Software\"";
    InstructionLength: GP, "the instruction is at most 15 bytes long", "SDM Vol.2A 2.3.11 \"AVX Instruction Length\"";
    FetchLimit: GP, "the instruction lies within the limit of CS", "SDM Vol.3A 5.3 \"Limit Checking\"";
    BranchLimit: GP, "the branch target lies within the limit of CS", "SDM Vol.2A \"JMP\"";
    DataLimit: GP, "the operand lies within the segment limit", "SDM Vol.3A 5.3 \"Limit Checking\"";
    StackLimit: SS, "the stack operand lies within the limit of SS", "SDM Vol.3A 5.3 \"Limit Checking\"";
    NullSegment: GP, "the segment register does not hold a null selector", "SDM Vol.3A 5.4.1 \"Null Segment Selector Checking\"";
    NotWritable: GP, "the segment is a writable data segment", "SDM Vol.3A 5.4 \"Type Checking\"";
    NotReadable: GP, "the segment is readable", "SDM Vol.3A 5.4 \"Type Checking\"";
    StackNotWritable: SS, "the stack segment may be accessed so", "SDM Vol.3A 5.4 \"Type Checking\"";
    PageFault: PF, "the translation exists and permits the access", "SDM Vol.3A 4.7 \"Page-Fault Exceptions\"";
    Alignment: AC, "the operand is aligned", "SDM Vol.3A 6.15 \"Interrupt 17-Alignment Check Exception (#AC)\"";
    Privileged: GP, "CPL is 0", "SDM Vol.3A 5.9 \"Privileged Instructions\"";
    IoPrivilege: GP, "CPL is at most IOPL, or the I/O permission bits are clear", "SDM Vol.1 19.5 \"Protected-Mode I/O\"";
    InterruptFlagPrivilege: GP, "CPL is at most IOPL", "SDM Vol.2A \"CLI\"";
    VirtualInterrupt: GP, "no virtual interrupt is pending when VIF is set", "SDM Vol.3B 20.4 \"Protected-Mode Virtual Interrupts\"";
    V86Sensitive: GP, "IOPL is 3 for this instruction in virtual-8086 mode", "SDM Vol.3B 20.2.7 \"Sensitive Instructions\"";
    Umip: GP, "CR4.UMIP is clear or CPL is 0", "SDM Vol.3A 2.5 \"Control Registers\"";
    TimeStampDisable: GP, "CR4.TSD is clear or CPL is 0", "SDM Vol.2B \"RDTSC\"";
    PerformanceCounter: GP, "CR4.PCE is set or CPL is 0, and the counter exists", "SDM Vol.2B \"RDPMC\"";
    Cr0Combination: GP, "PG goes with PE, and NW with CD", "SDM Vol.2B \"MOV-Move to/from Control Registers\"";
    Cr4Reserved: GP, "no reserved bit of CR4 is set", "SDM Vol.2B \"MOV-Move to/from Control Registers\"";
    Cr3Reserved: GP, "no reserved bit of CR3 is set", "SDM Vol.2B \"MOV-Move to/from Control Registers\"";
    Cr8Reserved: GP, "no reserved bit of CR8 is set", "SDM Vol.2B \"MOV-Move to/from Control Registers\"";
    LongModePaging: GP, "long mode lets paging be switched so", "SDM Vol.3A 10.8.5 \"Initializing IA-32e Mode\"";
    DebugRegisterValue: GP, "bits 63:32 of DR6 and DR7 stay clear", "SDM Vol.2B \"MOV-Move to/from Debug Registers\"";
    PdpteReserved: GP, "no reserved bit of a present PDPTE is set", "SDM Vol.3A 4.4.1 \"PDPTE Registers\"";
    UnknownMsr: GP, "the model-specific register exists", "SDM Vol.2B \"RDMSR\"";
    MsrValue: GP, "the value is allowed for the model-specific register", "SDM Vol.2B \"WRMSR\"";
    SysenterTarget: GP, "IA32_SYSENTER_CS is not null and protection is on", "SDM Vol.2B \"SYSENTER\"";
    CpuidFaulting: GP, "CPL is 0, or CPUID faulting is off", "SDM Vol.2A \"CPUID\"";
    Undefined64: UD, "the processor executes 64-bit code", "SDM Vol.2B \"SWAPGS\"";
    BasesDisabled: UD, "CR4.FSGSBASE is set", "SDM Vol.2B \"RDFSBASE/RDGSBASE\"";
    AlignmentFlagPrivilege: UD, "CPL is 0", "SDM Vol.2A \"CLAC\"";
    KeysDisabled: UD, "CR4.PKE is set", "SDM Vol.2B \"RDPKRU\"";
    KeyOperand: GP, "ECX is 0, and EDX for WRPKRU", "SDM Vol.2D \"WRPKRU\"";
    InvpcidOperand: GP, "type and descriptor of INVPCID are allowed", "SDM Vol.2A \"INVPCID\"";
    SyscallDisabled: UD, "IA32_EFER.SCE is set, in 64-bit code", "SDM Vol.2B \"SYSCALL\"";
    SelectorNull: GP, "the selector is not null", "SDM Vol.3A 5.4.1 \"Null Segment Selector Checking\"";
    SelectorLimit: GP, "the descriptor lies within its table", "SDM Vol.3A 3.5.1 \"Segment Descriptor Tables\"";
    CodeType: GP, "the descriptor is a code segment", "SDM Vol.3A 5.8 \"Privilege Level Checking when Transferring Program Control Between Code Segments\"";
    CodePrivilege: GP, "DPL, RPL and CPL allow the transfer", "SDM Vol.3A 5.8.1 \"Direct Calls or Jumps to Code Segments\"";
    CodeNotPresent: NP, "the code segment is present", "SDM Vol.3A 6.15 \"Interrupt 11-Segment Not Present (#NP)\"";
    DataType: GP, "the descriptor is data or readable code", "SDM Vol.3A 5.6 \"Privilege Level Checking when Accessing Data Segments\"";
    DataPrivilege: GP, "DPL is at least CPL and RPL", "SDM Vol.3A 5.6 \"Privilege Level Checking when Accessing Data Segments\"";
    DataNotPresent: NP, "the data segment is present", "SDM Vol.3A 6.15 \"Interrupt 11-Segment Not Present (#NP)\"";
    StackType: GP, "the stack segment is writable data with RPL and DPL equal to CPL", "SDM Vol.3A 5.7 \"Privilege Level Checking when Loading the SS Register\"";
    StackNotPresent: SS, "the stack segment is present", "SDM Vol.3A 6.15 \"Interrupt 12-Stack Fault Exception (#SS)\"";
    GateType: GP, "the gate or system descriptor has an allowed type", "SDM Vol.3A 5.8.2 \"Gate Descriptors\"";
    GatePrivilege: GP, "the gate's DPL is at least CPL and RPL", "SDM Vol.3A 5.8.4 \"Accessing a Code Segment Through a Call Gate\"";
    GateNotPresent: NP, "the gate is present", "SDM Vol.3A 6.15 \"Interrupt 11-Segment Not Present (#NP)\"";
    IdtLimit: GP, "the gate lies within the IDT", "SDM Vol.3A 6.10 \"Interrupt Descriptor Table (IDT)\"";
    IdtType: GP, "the IDT entry is an interrupt, trap or task gate", "SDM Vol.3A 6.11 \"IDT Descriptors\"";
    IdtPrivilege: GP, "a software interrupt's gate has a DPL of at least CPL", "SDM Vol.3A 6.12.1.2 \"Protection of Exception- and Interrupt-Handler Procedures\"";
    IvtLimit: GP, "the interrupt vector lies within the limit of IDTR", "SDM Vol.3B 20.1.4 \"Interrupt and Exception Handling\"";
    TssLimit: TS, "the task-state segment is long enough", "SDM Vol.3A 6.15 \"Interrupt 10-Invalid TSS Exception (#TS)\"";
    TssStack: TS, "the stack selector of the task-state segment is valid", "SDM Vol.3A 6.15 \"Interrupt 10-Invalid TSS Exception (#TS)\"";
    TssStackNotPresent: SS, "the new stack segment is present", "SDM Vol.3A 6.15 \"Interrupt 12-Stack Fault Exception (#SS)\"";
    TssLdt: TS, "the LDT of the new task is a present LDT in the GDT", "SDM Vol.3A 7.3 \"Task Switching\"";
    TssCode: TS, "the code segment of the new task fits its privilege", "SDM Vol.3A 7.3 \"Task Switching\"";
    TssData: TS, "the data segments of the new task are readable and reachable", "SDM Vol.3A 7.3 \"Task Switching\"";
    TaskLink: TS, "the previous task link names a busy task-state segment", "SDM Vol.3A 7.4 \"Task Linking\"";
    V86Handler: GP, "the handler of an interrupt in virtual-8086 mode runs at CPL 0", "SDM Vol.3B 20.3.1 \"Class 1-Hardware Interrupt and Exception Handling in Virtual-8086 Mode\"";
    NewStackLimit: SS, "the frame fits the new stack", "SDM Vol.3A 6.12.1 \"Exception- or Interrupt-Handler Procedures\"";
    TaskType: GP, "the descriptor is an available task-state segment in the GDT", "SDM Vol.2A \"LTR\"";
    TaskNotPresent: NP, "the task-state segment is present", "SDM Vol.2A \"LTR\"";
    LdtType: GP, "the descriptor is an LDT in the GDT", "SDM Vol.2A \"LLDT\"";
    LdtNotPresent: NP, "the LDT is present", "SDM Vol.2A \"LLDT\"";
    ReturnPrivilege: GP, "a far return does not go to a more privileged level", "SDM Vol.2B \"RET\"";
    NestedInLongMode: GP, "NT is clear at IRET in long mode", "SDM Vol.2A \"IRET/IRETD/IRETQ\"";
    DoubleFault: DF, "no second fault arises while the first is delivered", "SDM Vol.3A 6.15 \"Interrupt 8-Double Fault Exception (#DF)\"";
    GeneralDetect: DB, "DR7.GD is clear when a debug register is accessed", "SDM Vol.3B 17.2.4 \"Debug Control Register (DR7)\"";
    InstructionBreakpoint: DB, "no enabled instruction breakpoint matches", "SDM Vol.3B 17.3.1.1 \"Instruction-Breakpoint Exception Condition\"";
    CmpxchgAlignment: GP, "the 16-byte operand is aligned", "SDM Vol.2A \"CMPXCHG8B\"";
    PushaRoom: GP, "in real and virtual-8086 mode PUSHA does not begin at 7, 9, 11, 13 or 15", "SDM Vol.2B \"PUSHA/PUSHAD\"";
    UndefinedVector: UD, "CR0.EM is clear, and CR4.OSFXSR set for an instruction on XMM registers", "SDM Vol.3A 2.5 \"Control Registers\"";
    VectorAlignment: GP, "the 16-byte operand is aligned", "SDM Vol.1 11.3 \"SSE2 Instructions\"";
    MxcsrReserved: GP, "no reserved bit of MXCSR is set", "SDM Vol.1 11.6.6 \"Guidelines for Writing to the MXCSR Register\"";
    SimdError: XM, "no unmasked SIMD floating-point exception arises", "SDM Vol.1 11.5 \"SSE, SSE2, and SSE3 Exceptions\"";
    UndefinedSimdError: UD, "CR4.OSXMMEXCPT is set when an unmasked SIMD floating-point exception arises", "SDM Vol.3A 2.5 \"Control Registers\"";
    DataCanonical: GP, "the address is canonical", "SDM Vol.1 3.3.7.1 \"Canonical Addressing\"";
    StackCanonical: SS, "the stack address is canonical", "SDM Vol.1 3.3.7.1 \"Canonical Addressing\"";
    BranchCanonical: GP, "the branch target is canonical", "SDM Vol.1 3.3.7.1 \"Canonical Addressing\"";
    FetchCanonical: GP, "the instruction's address is canonical", "SDM Vol.1 3.3.7.1 \"Canonical Addressing\"";
    XsaveDisabled: UD, "CR4.OSXSAVE is set", "SDM Vol.3A 2.5 \"Control Registers\"";
    VexDisabled: UD, "CR4.OSXSAVE and XCR0 switch the registers of AVX on", "SDM Vol.2A 2.4 \"AVX and SSE Instruction Exception Classification\"";
    XcrNumber: GP, "the extended control register exists", "SDM Vol.2D \"XGETBV\"";
    XcrValue: GP, "XCR0 has the x87 unit, no AVX without SSE, and nothing that the processor lacks", "SDM Vol.1 13.3 \"Enabling the XSAVE Feature Set and XSAVE-Enabled Features\"";
    XsaveAlignment: GP, "the XSAVE area lies on 64 bytes", "SDM Vol.1 13.4 \"XSAVE Area\"";
    XsaveHeader: GP, "the header of the XSAVE area fits XCR0 and its own form", "SDM Vol.1 13.8 \"Operation of XRSTOR\"";
    FxAlignment: GP, "the area of FXSAVE and FXRSTOR lies on 16 bytes", "SDM Vol.2A \"FXSAVE\"";
    MonitorPrivilege: UD, "CPL is 0 and IA32_MISC_ENABLE allows MONITOR and MWAIT", "SDM Vol.2B \"MONITOR\"";
    MonitorExtensions: GP, "ECX asks for known extensions only", "SDM Vol.2B \"MWAIT\"";
}

impl Site {
    /// Its row.
    pub fn info(self) -> &'static SiteInfo {
        &SITES[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_stands_at_its_own_index_and_cites_the_manual() {
        for (index, (site, info)) in SITES.iter().enumerate() {
            assert_eq!(*site as usize, index);
            assert!(info.manual.starts_with("SDM Vol."), "{site:?} cites {}", info.manual);
            assert!(!info.check.is_empty());
        }
    }
}
