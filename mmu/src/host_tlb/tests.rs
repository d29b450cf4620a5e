//! Tests of the HostTlb.

use super::*;

#[test]
fn a_flush_forgets_all_and_contexts_come_round() {
    let mut tlb = HostTlb::default();
    let addr = LinAddr(0x40_0123);
    for _ in 0..3 * CONTEXTS {
        assert_eq!(tlb.read(addr, 4, Class::User), None);
        tlb.fill_read(addr, Class::User, Frame(7));
        assert_eq!(tlb.read(addr, 4, Class::User), Some(Frame(7).start() + 0x123));
        assert_eq!(tlb.read(addr, 4, Class::Supervisor), None, "the class is part of the tag");
        tlb.flush();
    }
}

/// Pages all over four regions of 2 MiB, low and high, and one that shares its set with the first.
#[test]
fn a_large_page_goes_and_others_stay() {
    let starts = [0x20_0000, 0x40_0000, 0x60_0000, 0xFFFF_8880_0020_0000u64, 0x20_0000 + (63 << 21)];
    let class = Class::Supervisor;
    let place = FetchPlace { frame: Frame(3), physical: 3 };
    for (size_bits, gone) in [(21u8, 1..2), (22, 1..3)] {
        let mut tlb = HostTlb::default();
        // Sets are shared, so that only some of these are known at a time.
        for page in [0u64, 1, 63, 64, 511] {
            for start in starts {
                let addr = LinAddr(start + page * PAGE_BYTES);
                tlb.fill_read(addr, class, Frame(1));
                tlb.fill_write(addr, class, Frame(1));
                tlb.fill_fetch(addr, class, place, Scope::Context);
            }
        }
        let known = |tlb: &HostTlb, region: usize| {
            let pages = (0..512).map(|page| LinAddr(starts[region] + page * PAGE_BYTES));
            pages.filter(|page| tlb.read(*page, 8, class).is_some() || tlb.fetch(*page, class).is_some()).count()
        };
        let before: Vec<usize> = (0..starts.len()).map(|region| known(&tlb, region)).collect();
        assert!(before.iter().sum::<usize>() >= 5, "{before:?}");
        tlb.drop_large_page(LinAddr(starts[gone.start] + 0x12_3456), size_bits);
        for region in gone {
            assert_eq!(known(&tlb, region), 0, "{size_bits} {region}");
        }
    }
}

#[test]
fn what_is_global_outlives_a_context_until_it_is_dropped() {
    let mut tlb = HostTlb::default();
    let class = Class::Supervisor;
    let (global, other) = (LinAddr(0xFFFF_FFFF_8120_0000), LinAddr(0x40_1000));
    let place = FetchPlace { frame: Frame(4), physical: 4 };
    for (addr, scope) in [(global, Scope::Global), (other, Scope::Context)] {
        tlb.fill_read(addr, class, Frame(4));
        tlb.set_scope_of_read(addr, scope);
        tlb.fill_write(addr, class, Frame(4));
        tlb.set_scope_of_write(addr, scope);
        tlb.fill_fetch(addr, class, place, scope);
    }
    let known = |tlb: &HostTlb, addr| {
        let data = [tlb.read(addr, 8, class).is_some(), tlb.write(addr, 8, class).is_some()];
        (data, tlb.fetch(addr, class).is_some())
    };
    for _ in 0..5 {
        tlb.flush_non_global();
        assert_eq!(known(&tlb, global), ([true; 2], true));
        assert_eq!(known(&tlb, other), ([false; 2], false));
        assert_eq!(tlb.read(global, 8, Class::User), None);
    }
    let mut whole = CONTEXTS;
    while whole > 0 {
        tlb.flush_non_global();
        whole -= 1;
    }
    tlb.fill_read(global, class, Frame(4));
    tlb.set_scope_of_read(global, Scope::Global);
    // Twice: its region must follow each time.
    tlb.flush_non_global();
    tlb.flush_non_global();
    tlb.drop_large_page(global, 21);
    assert_eq!(known(&tlb, global), ([false; 2], false));
    tlb.fill_read(global, class, Frame(4));
    tlb.set_scope_of_read(global, Scope::Global);
    tlb.flush();
    tlb.flush_non_global();
    assert_eq!(known(&tlb, global), ([false; 2], false));
}

/// A page that shares its set comes and goes; the older of the two is not taken for the global one.
#[test]
fn entries_that_change_places_do_not_change_scopes() {
    let mut tlb = HostTlb::default();
    let class = Class::User;
    let (global, other) = (LinAddr(0x1000), LinAddr(0x1000 + (SETS as u64) * PAGE_BYTES));
    tlb.fill_read(other, class, Frame(2));
    tlb.fill_read(global, class, Frame(1));
    tlb.set_scope_of_read(global, Scope::Global);
    assert!(tlb.renew_read(other, 4, tlb.key(class)));
    tlb.flush_non_global();
    assert_eq!(tlb.read(other, 4, class), None);
}

#[test]
fn a_large_page_alone_goes_alone() {
    let mut tlb = HostTlb::default();
    let class = Class::User;
    let known = [0x3F_F000, 0x40_0000, 0x5F_F000, 0x60_0000].map(LinAddr);
    known.iter().for_each(|addr| tlb.fill_write(*addr, class, Frame(5)));
    tlb.drop_large_page(LinAddr(0x51_2345), 21);
    assert_eq!(known.map(|addr| tlb.write(addr, 1, class).is_some()), [true, false, false, true]);
}

/// Regions of one set: as a stack, a heap and a program may be.
#[test]
fn four_regions_of_a_set_stay_and_a_fifth_takes_the_place_of_one() {
    let mut tlb = HostTlb::default();
    let pages: Vec<LinAddr> = (0..5).map(|region| LinAddr(region * (65 << 21) + region * PAGE_BYTES)).collect();
    let known = |tlb: &HostTlb| pages.iter().filter(|page| tlb.read(**page, 1, Class::User).is_some()).count();
    for (before, page) in pages[..4].iter().enumerate() {
        assert_eq!(known(&tlb), before);
        tlb.fill_read(*page, Class::User, Frame(1));
    }
    assert_eq!(known(&tlb), 4);
    tlb.fill_read(pages[4], Class::User, Frame(1));
    assert_eq!(known(&tlb), 4);
    assert_eq!(tlb.read(pages[4], 1, Class::User), Some(Frame(1).start()));
}

#[test]
fn what_leaves_the_page_is_not_found() {
    let mut tlb = HostTlb::default();
    tlb.fill_write(LinAddr(0x5000), Class::Supervisor, Frame(1));
    assert_eq!(tlb.write(LinAddr(0x5FFC), 4, Class::Supervisor), Some(Frame(1).start() + 0xFFC));
    assert_eq!(tlb.write(LinAddr(0x5FFD), 4, Class::Supervisor), None);
    tlb.fill_write(LinAddr(0x6000), Class::Supervisor, Frame(2));
    assert_eq!(tlb.write(LinAddr(0x5FFD), 4, Class::Supervisor), None, "both pages known, still two frames");
}

#[test]
fn streams_eight_mebibytes_apart_do_not_meet() {
    let mut tlb = HostTlb::default();
    for page in 0..256u64 {
        tlb.fill_read(LinAddr(page << 12), Class::Supervisor, Frame(page as u32));
        tlb.fill_read(LinAddr(page << 12 | 8 << 20), Class::Supervisor, Frame(1000 + page as u32));
    }
    let held = |addr| tlb.read(LinAddr(addr), 1, Class::Supervisor).is_some();
    assert!((0..256u64).all(|page| held(page << 12) && held(page << 12 | 8 << 20)));
}

#[test]
fn the_older_entry_becomes_the_newest_when_it_is_wanted() {
    let mut tlb = HostTlb::default();
    tlb.set_arena(0x7000_0000);
    let (old, new) = (LinAddr(0x5000), LinAddr(0x5000 | (SETS as u64) << 12));
    tlb.fill_read(old, Class::User, Frame(1));
    tlb.fill_read(new, Class::User, Frame(2));
    let key = tlb.key(Class::User);
    assert!(!tlb.newest_read(old).fits(old, 4, key));
    assert!(!tlb.renew_read(LinAddr(old.0 + 0xFFE), 4, key), "what leaves the page is not found in either");
    assert!(!tlb.renew_read(old, 4, tlb.key(Class::Supervisor)));
    assert!(tlb.renew_read(old, 4, key));
    assert!(tlb.newest_read(old).fits(old, 4, key));
    assert_eq!(tlb.read(old, 4, Class::User), Some(Frame(1).start()));
    assert_eq!(tlb.read(new, 4, Class::User), Some(Frame(2).start()), "nothing is lost");
    assert!(!tlb.renew_write(old, 4, key));
}

#[test]
fn ways_to_write_a_frame_are_found_by_the_frame() {
    let mut tlb = HostTlb::default();
    tlb.fill_write(LinAddr(0x5000), Class::Supervisor, Frame(9));
    tlb.fill_write(LinAddr(0x9_9000), Class::User, Frame(9));
    tlb.fill_write(LinAddr(0x7000), Class::User, Frame(8));
    tlb.drop_writes_to(Frame(9));
    assert_eq!(tlb.write(LinAddr(0x5000), 1, Class::Supervisor), None);
    assert_eq!(tlb.write(LinAddr(0x9_9000), 1, Class::User), None);
    assert!(tlb.write(LinAddr(0x7000), 1, Class::User).is_some());
}

/// What each change of what is known means for supervisors' epoch and for users'.
#[test]
fn an_epoch_lasts_while_nothing_is_forgotten_of_its_fetcher() {
    let (user, supervisor) = (Class::User, Class::Supervisor);
    let (code, other) = (LinAddr(0x40_1000), LinAddr(0x9_9000));
    let kernel = LinAddr(0xFFFF_FFFF_8120_0000);
    let place = |frame| FetchPlace { frame: Frame(frame), physical: frame.into() };
    let mut tlb = HostTlb::default();
    let ended = |tlb: &mut HostTlb, change: &dyn Fn(&mut HostTlb)| {
        let epochs = |tlb: &HostTlb| [Fetcher::Supervisor, Fetcher::User].map(|fetcher| tlb.fetch_epoch(fetcher));
        let before = epochs(tlb);
        change(tlb);
        let after = epochs(tlb);
        assert!(after[0] != after[1] && !after.contains(&0));
        [before[0] != after[0], before[1] != after[1]]
    };
    let (neither, supervisors, users, both) = ([false; 2], [true, false], [false, true], [true; 2]);
    // What becomes known ends nothing, nor does what is known already.
    for _ in 0..2 {
        assert_eq!(ended(&mut tlb, &|tlb| tlb.fill_fetch(code, user, place(1), Scope::Context)), neither);
        assert_eq!(ended(&mut tlb, &|tlb| tlb.fill_fetch(kernel, supervisor, place(2), Scope::Global)), neither);
    }
    // Another frame, for one of them.
    assert_eq!(ended(&mut tlb, &|tlb| tlb.fill_fetch(code, user, place(3), Scope::Context)), users);
    // A page that nobody fetches from; one that users do; and again.
    assert_eq!(ended(&mut tlb, &|tlb| tlb.drop_page(other)), neither);
    assert_eq!(ended(&mut tlb, &|tlb| tlb.drop_page(code)), users);
    assert_eq!(ended(&mut tlb, &|tlb| tlb.drop_page(code)), neither);
    assert_eq!(tlb.fetch(code, user), None);
    // A page of data that shares the entry with one of code: it stays known.
    let shares = LinAddr(kernel.0 ^ (1 << 22 | 1 << 12));
    assert_eq!(ended(&mut tlb, &|tlb| tlb.drop_page(shares)), neither);
    assert_eq!(tlb.fetch(kernel, supervisor), Some(place(2)));
    // A load of CR3: what supervisors fetch is global until it is not.
    assert_eq!(ended(&mut tlb, &HostTlb::flush_non_global), users);
    assert_eq!(tlb.fetch(kernel, supervisor), Some(place(2)));
    tlb.fill_fetch(code, supervisor, place(4), Scope::Context);
    assert_eq!(ended(&mut tlb, &HostTlb::flush_non_global), both);
    assert_eq!(ended(&mut tlb, &HostTlb::flush_non_global), users);
    // A page that shares an entry and takes it.
    tlb.fill_fetch(kernel, supervisor, place(2), Scope::Global);
    assert_eq!(ended(&mut tlb, &|tlb| tlb.fill_fetch(shares, supervisor, place(5), Scope::Global)), supervisors);
    assert_eq!(tlb.fetch(kernel, supervisor), None);
    assert_eq!(ended(&mut tlb, &HostTlb::flush), both);
    assert_eq!(ended(&mut tlb, &|tlb| tlb.set_arena(0x7000)), both);
    // The override of EFLAGS.AC is no other fetcher.
    tlb.fill_fetch(code, Class::SupervisorOverride, place(6), Scope::Context);
    assert_eq!(tlb.fetch(code, supervisor), Some(place(6)));
}

#[test]
fn the_last_epoch_does_not_end_until_epochs_begin_anew() {
    let mut tlb = HostTlb::default();
    let first = [Fetcher::Supervisor, Fetcher::User].map(|fetcher| tlb.fetch_epoch(fetcher));
    assert!(!tlb.has_last_fetch_epoch());
    tlb.spend_fetch_epochs();
    for fetcher in [Fetcher::Supervisor, Fetcher::User] {
        let last = tlb.fetch_epoch(fetcher);
        tlb.flush();
        assert!(HostTlb::is_last_fetch_epoch(last) && tlb.fetch_epoch(fetcher) == last);
    }
    tlb.begin_fetch_epochs();
    assert_eq!([Fetcher::Supervisor, Fetcher::User].map(|fetcher| tlb.fetch_epoch(fetcher)), first);
}
