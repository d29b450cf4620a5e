//! What cannot be used: options, values, images, ROMs, snapshots. Each ends with status 2 and a message that says what,
//! where and what to do; no image changes.

use std::fs;

use crate::cli_process::{Folder, POWER_OFF, SAY, boot_sector, filled};

/// A folder with something of everything that is wrong.
fn folder() -> Folder {
    let folder = Folder::new();
    let kernel = crate::kernels::endless();
    let sector = boot_sector(&[SAY, POWER_OFF], "hello");
    folder
        .put("disk.img", &filled(sector.clone(), 1 << 20))
        .put("other.img", &filled(vec![1], 1 << 20))
        .put("empty.img", b"")
        .put("short.img", &[0xEB; 100])
        .put("odd.img", &filled(sector.clone(), 700))
        .put("large.img", &filled(sector, 3 << 20))
        .put("disk.qcow2", &filled(b"QFI\xFB".to_vec(), 1 << 16))
        .put("raw.bin", &filled([&[0][..], &[0xFF; 10], &[0, 0, 2, 0, 1]].concat(), 2352 * 20))
        .put("odd.bin", &[0x55; 1000])
        .put("huge.bin", &vec![0; 17 << 20])
        .put("good.elf", &kernel)
        .put("cut.elf", &kernel[..0x240])
        .put("bad.toml", b"cpu = \"p6\"\nmemm = \"1M\"\n")
        .put("bad.script", b"at 5 key f1\nat 6 kee f2\n")
        .put("commands", b"regs\nnonsense\n");
    fs::create_dir(folder.path("folder")).expect("a folder can be made");
    let made = folder.ringwalk("run disk.img --mem 1M --max-insns 1000 --save good.snap");
    made.must("a snapshot", 4, &["--max-insns reached"]);
    let good = folder.get("good.snap");
    folder.put("cut.snap", &good[..good.len() - 100]);
    let mut flipped = good;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    folder.put("flipped.snap", &flipped);
    folder
}

/// Arguments, and what standard error must hold.
const REFUSED: &[(&str, &[&str])] = &[
    // Words of the command line.
    ("rnu disk.img", &["rnu", "'run'"]),
    ("disk.img", &["disk.img", "to run an image: ringwalk run disk.img"]),
    ("run --memm 1M", &["--memm", "'--mem'"]),
    ("run --mem", &["--mem <SIZE>"]),
    ("run --mem 12Q", &["--mem takes a size such as 64M or 2G, not '12Q'"]),
    ("run --mem 1K", &["--mem takes whole MiB"]),
    ("run --mem 900G", &["--mem", "1 MiB to"]),
    ("run --cpu pentum", &["no processor model 'pentum'", "did you mean 'pentium'?"]),
    ("run --cpu haswel", &["no processor model 'haswel'", "did you mean 'haswell'?"]),
    ("run --cpu max,+avx22", &["no processor feature 'avx22'", "did you mean 'avx2'?"]),
    ("run --cpu max,avx2", &["--cpu takes features as +NAME or -NAME, not 'avx2'"]),
    ("run --cpu p6,+avx2", &["'avx2' needs 'avx'", "add +avx, or take 'avx2' out with -avx2"]),
    ("run --cpu haswell,-xsave", &["'avx' needs 'xsave'", "take 'avx' out with -avx"]),
    ("run --cpu zen,+vmx", &["--cpu +vmx: this build cannot do it"]),
    ("run --tlb stiky", &["--tlb takes real, sticky, none", "did you mean 'sticky'?"]),
    ("run --display txt", &["--display takes text, none", "did you mean 'text'?"]),
    ("run --serial stdoi", &["--serial takes", "did you mean 'stdio'?"]),
    ("run --serial stdio --serial stdio", &["--serial stdio twice"]),
    ("run --clock fast", &["--clock takes a frequency"]),
    ("run --rtc yesterday", &["--rtc takes a date"]),
    ("run --rtc 2023-02-29", &["a time that exists (--rtc)"]),
    ("run --max-insns ten", &["--max-insns takes a number, not 'ten'"]),
    ("run --timeout soon", &["--timeout takes seconds"]),
    ("run --stats xml", &["--stats takes json"]),
    ("run --until-serial=", &["--until-serial takes a text that is not empty"]),
    ("run disk.img other.img", &["other.img"]),
    // Boot orders.
    ("run --boot x disk.img", &["--boot takes one to three of the letters a, c and d, not 'x'"]),
    ("run --boot d disk.img", &["--boot d: the machine has no CD (--cdrom FILE)"]),
    ("run --boot a disk.img", &["no floppy disk (--fda FILE)"]),
    ("run --boot c --fda odd.img", &["no hard disk (--hda FILE)"]),
    ("run --boot ad --hda disk.img", &["no floppy disk (--fda FILE) and no CD (--cdrom FILE)"]),
    ("run --boot d", &["no CD"]),
    // Images.
    ("run missing.img", &["missing.img: there is no such file"]),
    ("run empty.img", &["empty.img: is empty", "512 bytes"]),
    ("run short.img", &["short.img: has 100 bytes", "padded to 512"]),
    ("run folder", &["folder: is a folder"]),
    ("run --hda odd.img --write", &["odd.img: has 700 bytes", "leave out --write"]),
    ("run --hda missing.img", &["missing.img: there is no such file"]),
    ("run --hdd disk.qcow2", &["disk.qcow2: is a qcow2 image", "raw"]),
    ("run --hda raw.bin", &["raw.bin: is a raw CD image", "ISO"]),
    ("run --cdrom missing.iso", &["missing.iso: there is no such file"]),
    ("run --cdrom disk.img --hdc disk.img", &["--cdrom and --hdc are the same drive"]),
    ("run --hda disk.img disk.img", &["disk.img: is a hard disk's image, and --hda gives one already"]),
    ("run --fda large.img", &["large.img: 3145728 bytes are no size of a floppy disk", "1440K", "--hda"]),
    ("run --fda odd.img --write", &["odd.img: has 700 bytes", "leave out --write"]),
    ("run --fda disk.img --write", &["1048576 bytes are no size of a floppy disk", "leave out --write"]),
    ("run --fdb empty.img", &["empty.img: is empty"]),
    ("run --fda disk.qcow2", &["qcow2"]),
    // ROMs.
    ("run --bios missing.bin", &["missing.bin: the ROM image cannot be read"]),
    ("run --bios folder", &["folder: the ROM image cannot be read"]),
    ("run --bios odd.bin", &["odd.bin: 1000 bytes are no system BIOS", "64 KiB"]),
    ("run --bios huge.bin", &["huge.bin", "no ROM image"]),
    ("run --vgabios disk.img", &["disk.img: 1048576 bytes are no video BIOS"]),
    ("run --vgabios odd.bin", &["does not begin with 55 AA"]),
    // Kernels.
    ("run --initrd disk.img", &["--initrd goes with a kernel", "--kernel FILE"]),
    ("run --append quiet", &["--append goes with a kernel"]),
    ("run --kernel missing.bin", &["missing.bin: the kernel cannot be read"]),
    ("run --kernel disk.img", &["disk.img: is no kernel that can be started", "Multiboot"]),
    ("run --kernel empty.img", &["empty.img: is no kernel"]),
    ("run --kernel folder", &["folder: the kernel cannot be read"]),
    ("run --kernel huge.bin --mem 16M", &["huge.bin: the kernel is larger than the machine's 16 MiB", "--mem"]),
    ("run --kernel good.elf --initrd missing.bin", &["missing.bin: the initial RAM disk cannot be read"]),
    ("run --kernel good.elf --mem 16M --initrd huge.bin", &["huge.bin: the initial RAM disk is larger", "--mem"]),
    ("run --kernel good.elf --mem 17M --initrd huge.bin", &["good.elf: a module would reach up to 20 MiB", "--mem"]),
    ("run --kernel cut.elf", &["cut.elf: is an ELF file that is cut short"]),
    ("run --restore good.snap --kernel good.elf", &["--kernel cannot change a machine that goes on"]),
    // Other files.
    ("run --config missing.toml", &["missing.toml: the configuration file cannot be read"]),
    ("run --config bad.toml", &["bad.toml: line 2: there is no key 'memm'", "did you mean 'mem'?"]),
    ("run --input missing.script", &["missing.script: the script cannot be read"]),
    ("run --input bad.script", &["bad.script: line 2:", "did you mean 'key'?"]),
    ("run --serial file:folder", &["folder: cannot be written"]),
    ("debug -x missing", &["missing: the commands cannot be read"]),
    ("debug disk.img -x commands", &["nonsense"]),
    ("debug -e regs --memm 1", &["--memm", "'--mem'"]),
    // Snapshots.
    ("run --restore missing.snap", &["missing.snap", "cannot be read"]),
    ("run --restore cut.snap --hda disk.img", &["cut.snap", "cut short", "take the snapshot again"]),
    ("run --restore flipped.snap --hda disk.img", &["flipped.snap", "take the snapshot again"]),
    ("debug --restore flipped.snap --hda disk.img -e regs", &["flipped.snap", "take the snapshot again"]),
    ("run --restore disk.img", &["disk.img", "is not a ringwalk snapshot"]),
    ("run --restore good.snap", &["use --hda FILE"]),
    ("run --restore good.snap --hda other.img", &["hda is not the image", "use --hda FILE"]),
    ("run --restore good.snap --hda disk.img --mem 2M", &["--mem cannot change a machine that goes on"]),
    ("run good.snap", &["good.snap: is a snapshot; use --restore FILE"]),
    ("snapshot info cut.snap", &["cut.snap", "cut short"]),
    ("snapshot diff good.snap disk.img", &["disk.img", "is not a ringwalk snapshot"]),
    // What fails at the end of a run.
    ("run disk.img --save nowhere/x.snap", &["nowhere/x.snap"]),
    ("run disk.img --screenshot nowhere/x.png", &["nowhere/x.png"]),
];

#[test]
fn what_cannot_be_used_is_named_and_nothing_changes() {
    let folder = folder();
    let mut names: Vec<String> = fs::read_dir(folder.path("."))
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|name| name != "folder")
        .collect();
    names.sort();
    let hashes = || names.iter().map(|name| blake3::hash(&folder.get(name))).collect::<Vec<_>>();
    let before = hashes();
    for (arguments, said) in REFUSED {
        folder.ringwalk(arguments).must(arguments, 2, said);
    }
    assert!(before == hashes(), "a file changed");
}

#[test]
fn a_damaged_snapshot_is_told_by_verify() {
    let folder = folder();
    for name in ["cut.snap", "flipped.snap"] {
        let found = folder.ringwalk(&format!("snapshot verify {name}"));
        assert_eq!(found.status, Some(2), "{found:?}");
        assert!(found.out.starts_with(&format!("{name}: ")) && !found.out.contains("whole"), "{found:?}");
    }
    let found = folder.ringwalk("snapshot verify good.snap");
    assert_eq!((found.status, found.out.as_str()), (Some(0), "good.snap: whole\n"));
}

/// Who may read everything sees no difference; for all others the row is like the others.
#[cfg(unix)]
#[test]
fn an_image_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let secret = folder.path("disk.img");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o444)).expect("permissions can be set");
    let may_write_all = fs::OpenOptions::new().write(true).open(&secret).is_ok();
    let written = folder.ringwalk("run --hda disk.img --write --max-insns 10");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("permissions can be set");
    let may_read_all = fs::File::open(&secret).is_ok();
    let read = folder.ringwalk("run --hda disk.img --max-insns 10");
    if may_write_all && may_read_all {
        written.must("all may be written", 4, &[]);
        read.must("all may be read", 4, &[]);
    } else {
        written.must("read-only", 2, &["disk.img: cannot be opened for writing; leave out --write"]);
        read.must("unreadable", 2, &["disk.img: cannot be opened"]);
    }
}
