//! Folders of keys that change.

use super::*;
use crate::socket::curve::certificate::Certificate;

fn add(folder: &Path, name: &str) -> Key {
    let certificate = Certificate::generate().unwrap();
    certificate.write(&folder.join(name)).unwrap();
    certificate.public
}

/// A clock for the looks at the folder.
struct Clock(Instant);

impl Clock {
    fn next_look(&mut self) -> Instant {
        self.0 += LOOK_EVERY;
        self.0
    }
}

#[test]
fn a_folder_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let alice = add(folder.path(), "alice");
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    let mut clock = Clock(keys.looked);
    assert_eq!(keys.owner(&alice), Some("alice"));

    let bob = add(folder.path(), "bob");
    assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("bob"));

    fs::remove_file(folder.path().join("alice.key")).unwrap();
    assert_eq!(keys.owner_at(&alice, clock.next_look()), None);
    assert_eq!(keys.owner_at(&bob, clock.0), Some("bob"));

    fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
    assert_eq!(keys.owner_at(&bob, clock.next_look()), None);
    fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
    assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("bob"));
}

#[test]
fn a_key_that_comes_or_goes_is_noticed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    let mut now = keys.looked;
    for name in ["alice", "bob"] {
        let key = add(folder.path(), name);
        now += keys.pause;
        assert_eq!(keys.owner_at(&key, now), Some(name));
    }
    // While nothing comes or goes, nobody looks.
    now += LOOK_EVERY;
    assert_eq!(keys.owner_at(b"stranger", now), None);
    let looks = keys.cost.looks;
    now += keys.pause.min(LOOK_EVERY / 2);
    assert_eq!(keys.owner_at(b"stranger", now), None);
    assert_eq!(keys.cost.looks, looks);
}

/// Neither the folder's time nor the file's size says so, and perhaps not even the file's time.
#[test]
fn a_file_that_is_overwritten_in_place_is_read_again() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (alice, bob) = (add(folder.path(), "a"), add(elsewhere.path(), "b"));
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    let mut clock = Clock(keys.looked);
    let text = fs::read(elsewhere.path().join("b.key")).unwrap();
    fs::write(folder.path().join("a.key"), text).unwrap();
    assert_eq!(keys.owner_at(&bob, clock.next_look()), Some("a"));
    assert_eq!(keys.owner_at(&alice, clock.0), None);
}

/// The next change might leave its time and size as they are.
#[test]
fn a_young_file_is_read_at_each_look() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    let alice = add(folder.path(), "alice");
    let young = fs::metadata(folder.path().join("alice.key")).unwrap().modified().unwrap();
    let old = young + Duration::from_secs(10);
    let reads = [young, young, old, old].map(|now| {
        keys.look(now).unwrap();
        keys.cost.reads
    });
    assert_eq!(reads, [1, 2, 3, 3]);
    // As if another key had been in it when it was read.
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    for file in keys.files.values_mut() {
        (file.key, file.settled) = (None, false);
    }
    keys.owners.clear();
    keys.look(young).unwrap();
    assert_eq!(keys.owners.get(&alice).map(String::as_str), Some("alice"));
}

#[test]
fn what_is_no_public_certificate_lets_nobody_in_and_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let alice = add(folder.path(), "alice");
    fs::write(folder.path().join("broken.key"), "public-key = nonsense").unwrap();
    fs::create_dir(folder.path().join("folder.key")).unwrap();
    let secret_alone = add(folder.path(), "secret");
    fs::remove_file(folder.path().join("secret.key")).unwrap();
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    assert_eq!(keys.owner(&alice), Some("alice"));
    assert_eq!(keys.owner(&secret_alone), None);
    assert_eq!(keys.owner(b"short"), None);
}

#[test]
fn what_is_no_file_is_not_even_opened() {
    let folder = tempfile::tempdir().unwrap();
    let alice = add(folder.path(), "alice");
    // Opening the one for reading would never return, and reading the other would never end.
    let pipe = folder.path().join("pipe.key");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("device.key")).unwrap();
    std::os::unix::fs::symlink(&pipe, folder.path().join("link.key")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.key")).unwrap();
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    assert_eq!(keys.owner(&alice), Some("alice"));
}

#[test]
fn of_files_with_the_same_key_the_first_names_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let alice = add(folder.path(), "m");
    for name in 'a'..='z' {
        let copy = folder.path().join(format!("{name}.key"));
        fs::write(&copy, fs::read(folder.path().join("m.key")).unwrap()).unwrap();
    }
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    assert_eq!(keys.owner(&alice), Some("a"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = AllowedKeys::read(Path::new("/nowhere/at/all")).err().unwrap();
    assert!(format!("{error:#}").contains("/nowhere/at/all: No such file"), "{error:#}");
}

#[test]
fn strangers_cost_no_look_at_the_folder_and_a_look_reads_what_has_changed_alone() {
    const KEYS: usize = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let key = |number: usize| {
        let mut key = Key::default();
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    };
    for number in 0..KEYS {
        let text = format!("public-key = \"{}\"\n", z85::encode(key(number)));
        fs::write(folder.path().join(format!("{number}.key")), text).unwrap();
    }
    let mut keys = AllowedKeys::read(folder.path()).unwrap();
    let mut clock = Clock(keys.looked);
    assert_eq!(keys.cost, Cost { looks: 1, reads: 10_000 });
    for stranger in KEYS..2 * KEYS {
        assert_eq!(keys.owner_at(&key(stranger), clock.0), None);
        assert!(keys.owner_at(&key(stranger - KEYS), clock.0).is_some());
    }
    assert_eq!(keys.cost, Cost { looks: 1, reads: 10_000 });

    // They are young: each is read once more.
    assert!(keys.owner_at(&key(0), clock.next_look()).is_some());
    let reads = keys.cost.reads;
    fs::write(folder.path().join("7.key"), "no key").unwrap();
    fs::remove_file(folder.path().join("8.key")).unwrap();
    for number in [7, 8] {
        assert!(keys.owner_at(&key(number), clock.0).is_some());
    }
    clock.next_look();
    for number in [7, 8] {
        assert_eq!(keys.owner_at(&key(number), clock.0), None);
    }
    assert_eq!(keys.cost, Cost { looks: 3, reads: reads + 1 });
}

#[test]
fn a_folder_that_takes_long_to_look_at_is_looked_at_less_often() {
    assert_eq!(pause(Duration::from_millis(10)), Duration::from_millis(100));
    assert_eq!(pause(Duration::from_millis(500)), LOOK_EVERY);
}
