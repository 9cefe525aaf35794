//! CURVE: a peer with an allowed key gets in, in Rust and in Python; no other peer gets a byte.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use Language::{Python, Rust};
use e2e::{Keys, Language, Program, Signal, Stream, endpoint, python, rust, shell};

fn server(language: Language) -> Program {
    match language {
        Rust => rust("zmq_server"),
        Python => python("req-rep/python/curve_server.py"),
    }
}

fn client(language: Language) -> Program {
    match language {
        Rust => rust("zmq_client"),
        Python => python("req-rep/python/curve_client.py"),
    }
}

const LANGUAGES: [Language; 2] = [Rust, Python];

#[test]
fn rust_and_python_talk_under_curve_with_certificates_of_either() {
    for maker in LANGUAGES {
        let keys = Keys::made_by(maker);
        for (one, other) in [(Rust, Python), (Python, Rust), (Rust, Rust)] {
            let endpoint = endpoint();
            let server = server(one).args(["--bind", &endpoint]).args(keys.server()).start();
            let client = client(other)
                .args(["--connect", &endpoint, "--message", "psst"])
                .args(keys.client("alice", "server"))
                .start();
            let ended = client.wait();
            assert_eq!(ended.code, Some(0), "{other:?} asks {one:?}: {ended:?}");
            assert!(ended.stdout.contains("new message"), "{ended:?}");
            server.wait_for(Stream::Stdout, "psst");
        }
    }
}

/// Each outsider would wait indefinitely. The honest client that comes last shows that the server
/// has handled all of them.
#[test]
fn who_does_not_belong_gets_no_byte() {
    let keys = Keys::made_by(Rust);
    for language in LANGUAGES {
        let endpoint = endpoint();
        let server = server(Rust).args(["-v", "--bind", &endpoint]).args(keys.server()).start();
        let start =
            |flags: &[String]| client(language).args(["--connect", &endpoint]).args(flags).start();
        let plain = start(&[]);
        // Either side may be the first to reject the other's mechanism and disconnect.
        server.wait_for(Stream::Stderr, "info: disconnected from ");
        let refused = start(&keys.client("mallory", "server"));
        server.wait_for(Stream::Stderr, "warning: refused 127.");
        let misled = start(&keys.client("alice", "mallory"));
        server.wait_for(Stream::Stderr, "the keys do not match");
        let honest = client(Rust).args(["--connect", &endpoint]);
        let honest = honest.args(keys.client("alice", "server")).start().wait();
        assert_eq!(honest.stdout, "b\"new message\"\n");
        for outsider in [refused, misled, plain] {
            assert_eq!(outsider.end_with(Signal::SIGKILL).stdout, "", "{language:?}");
        }
        let ended = server.interrupt();
        assert_eq!(ended.stdout, "received bytes: b\"a message\"\nrequests answered: 1\n");
    }
}

/// What a refusal looks like on both sides.
#[test]
fn a_refusal_names_the_peers_address_and_key() {
    let keys = Keys::made_by(Rust);
    let endpoint = endpoint();
    let server = server(Rust).args(["--bind", &endpoint]).args(keys.server()).start();
    let client =
        client(Rust).args(["--connect", &endpoint]).args(keys.client("mallory", "server")).start();
    let refusal = client.wait_for(Stream::Stderr, "refused");
    let expected = format!("warning: {endpoint} refused this program's key (status 400)");
    assert_eq!(refusal, expected + "; trying again");
    let mallory = fs::read_to_string(keys.path("mallory.key")).unwrap();
    let key = mallory.split('"').nth(1).unwrap();
    let logged = server.wait_for(Stream::Stderr, "refused");
    let address = "127.0.0.1";
    let folder = keys.path("allowed");
    assert_eq!(
        logged,
        format!("warning: refused {address} with the key {key}, which is not in {folder}")
    );
}

#[test]
fn the_folder_of_keys_is_read_again_when_it_changes() {
    let keys = Keys::made_by(Rust);
    let endpoint = endpoint();
    let server = server(Rust).args(["--bind", &endpoint]).args(keys.server()).start();
    let mallory = || {
        client(Rust).args(["--connect", &endpoint]).args(keys.client("mallory", "server")).start()
    };
    let outside = mallory();
    server.wait_for(Stream::Stderr, "warning: refused 127.");
    keys.allow("mallory");
    assert_eq!(mallory().wait().stdout, "b\"new message\"\n");
    fs::remove_file(keys.allowed("mallory")).unwrap();
    let outside_again = mallory();
    server.wait_for_lines(Stream::Stderr, "warning: refused 127.", 2);
    assert_eq!(
        (outside.end_with(Signal::SIGKILL).stdout, outside_again.end_with(Signal::SIGKILL).stdout),
        (String::new(), String::new())
    );
}

/// To open one of them would wait, or read, without an end.
#[test]
fn what_is_no_file_in_the_folder_of_keys_keeps_nobody_out() {
    let keys = Keys::made_by(Rust);
    let commands = "mkfifo allowed/x.key; ln -s /dev/zero allowed/y.key; mkdir allowed/z.key";
    let folder = PathBuf::from(keys.path("."));
    assert_eq!(shell(commands, &folder).start().wait().code, Some(0));
    let endpoint = endpoint();
    let server = server(Rust).args(["--bind", &endpoint]).args(keys.server()).start();
    for name in ["x", "y", "z"] {
        let path = keys.path(&format!("allowed/{name}.key"));
        let warning = format!("warning: cannot read the certificate {path}: not a file");
        assert_eq!(server.wait_for(Stream::Stderr, &path), warning);
    }
    let alice = client(Rust).args(["--connect", &endpoint]).args(keys.client("alice", "server"));
    assert_eq!(alice.start().wait().stdout, "b\"new message\"\n");
}

/// A look at ten thousand files takes as long as many handshakes.
#[test]
fn strangers_do_not_have_a_large_folder_of_keys_looked_at_again_and_again() {
    let keys = Keys::made_by(Rust);
    let certificate = fs::read_to_string(keys.path("server.key")).unwrap();
    for number in 0..10_000 {
        fs::write(keys.allowed(&number.to_string()), &certificate).unwrap();
    }
    let (endpoint, start) = (endpoint(), Instant::now());
    let server = server(Rust).args(["-vv", "--bind", &endpoint]).args(keys.server()).start();
    server.wait_until_listening();
    let mallory = keys.client("mallory", "server");
    let strangers: Vec<_> = (0..8)
        .map(|_| client(Rust).args(["--connect", &endpoint]).args(&mallory).start())
        .collect();
    let alice = keys.client("alice", "server");
    for _ in 0..10 {
        let honest = client(Rust).args(["--connect", &endpoint]).args(&alice).start().wait();
        assert_eq!(honest.stdout, "b\"new message\"\n");
    }
    server.wait_for_lines(Stream::Stderr, "warning: refused 127.", 8);
    drop(strangers);
    let looks = server.count(Stream::Stderr, ": 10001 files, ") as u64;
    let seconds = start.elapsed().as_secs();
    assert!((1..=seconds + 2).contains(&looks), "{looks} looks in {seconds} s");
}

#[test]
fn any_peer_that_knows_the_servers_key_gets_in_with_curve_allow_any() {
    let keys = Keys::made_by(Rust);
    let endpoint = endpoint();
    let flags = ["--curve-secret", &keys.path("server.key_secret"), "--curve-allow-any"];
    let _server = server(Rust).args(["--bind", &endpoint]).args(flags).start();
    let mallory =
        client(Rust).args(["--connect", &endpoint]).args(keys.client("mallory", "server"));
    assert_eq!(mallory.start().wait().stdout, "b\"new message\"\n");
}

#[test]
fn a_publisher_is_heard_by_whom_it_allows() {
    let keys = Keys::made_by(Rust);
    let endpoint = endpoint();
    let flags = ["--bind", &endpoint, "--wait-for", "1", "--count", "1"];
    let publisher = rust("publisher").args(flags).args(keys.server()).start();
    let subscriber = |name: &str| {
        rust("subscriber").args(["--connect", &endpoint]).args(keys.client(name, "server")).start()
    };
    let outsider = subscriber("mallory");
    publisher.wait_for(Stream::Stderr, "warning: refused 127.");
    let insider = subscriber("alice").wait();
    assert_eq!(insider.stdout, "[b\"client1\", b\"message for client1\"]\n");
    assert_eq!(publisher.wait().code, Some(0));
    assert_eq!(outsider.end_with(Signal::SIGKILL).stdout, "");
}

/// A consumer is a CURVE client of the producer and a CURVE server of the collector.
#[test]
fn a_pipeline_runs_under_curve_without_outsiders() {
    let keys = Keys::made_by(Rust);
    let (tasks, results) = (endpoint(), endpoint());
    let producer = rust("producer").args(["--bind", &tasks]).args(keys.server()).start();
    let robber = rust("consumer")
        .args(["--tasks-connect", &tasks, "--results-bind", &endpoint()])
        .args(keys.client("mallory", "server"))
        .arg("--curve-allow-any")
        .start();
    producer.wait_for(Stream::Stderr, "warning: refused 127.");
    let flags = ["--tasks-connect", &tasks, "--results-bind", &results];
    let consumer = rust("consumer").args(flags).args(keys.both("alice", "server")).start();
    let collector = |name: &str| {
        let flags = ["--connect", results.as_str(), "--count", "2000"];
        rust("resultcollector").args(flags).args(keys.client(name, "alice")).start()
    };
    let eavesdropper = collector("mallory");
    consumer.wait_for(Stream::Stderr, "warning: refused 127.");
    let collected = collector("alice").wait();
    assert!(collected.stdout.ends_with("results collected: 2000\n"), "{collected:?}");
    assert_eq!(producer.wait().code, Some(0));
    assert_eq!(
        robber.interrupt().stdout.lines().last().map(|line| line.ends_with(": 0")),
        Some(true)
    );
    assert_eq!(eavesdropper.end_with(Signal::SIGKILL).stdout, "");
}

#[test]
fn a_command_line_that_does_not_say_who_may_connect_is_refused() {
    let keys = Keys::made_by(Rust);
    let secret = ["--curve-secret", &keys.path("server.key_secret")];
    let server = rust("zmq_server").args(["--bind", &endpoint()]).args(secret).start().wait();
    assert_eq!(
        (server.code, server.stderr.as_str()),
        (
            Some(2),
            "error: a socket that binds with --curve-secret needs --curve-allow DIR, the keys of \
             the peers that may connect, or --curve-allow-any\n"
        )
    );
    let client = rust("zmq_client").args(["--connect", &endpoint()]).args(secret).start().wait();
    assert_eq!(
        (client.code, client.stderr.as_str()),
        (
            Some(2),
            "error: a socket that connects with --curve-secret needs --curve-server FILE, the \
             public key of the peer that listens there\n"
        )
    );
}

#[test]
fn a_secret_key_that_others_can_read_is_warned_of_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;

    let keys = Keys::made_by(Rust);
    let path = keys.path("server.key_secret");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let endpoint = endpoint();
    let server = server(Rust).args(["-vv", "--bind", &endpoint]).args(keys.server()).start();
    let warning =
        format!("warning: others can read the secret key in {path} (mode 644): chmod 600 {path}");
    assert_eq!(server.wait_for(Stream::Stderr, "warning"), warning);
    let honest = client(Rust).args(["--connect", &endpoint]).args(keys.client("alice", "server"));
    let honest = honest.arg("-vv").start().wait();
    let ended = server.interrupt();
    for name in ["server", "alice"] {
        let secret = fs::read_to_string(keys.path(&format!("{name}.key_secret"))).unwrap();
        let key = secret.split('"').nth(3).unwrap().to_owned();
        assert_eq!(key.len(), 40);
        for shown in [&ended.stdout, &ended.stderr, &honest.stdout, &honest.stderr] {
            assert!(!shown.contains(&key), "{shown}");
        }
    }
}

#[test]
fn keys_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("alice");
    let keygen = || rust("curve_keygen").arg(&name).start().wait();
    let made = keygen();
    let shown = name.display();
    assert_eq!(
        made.stdout,
        format!(
            "{shown}.key: the public key, for the peers that connect to this one or let it in\n\
             {shown}.key_secret: the secret key, for this peer alone\n"
        )
    );
    let before = fs::read(name.with_extension("key_secret")).unwrap();
    let again = keygen();
    let error = format!("error: cannot write {shown}.key: File exists (os error 17)\n");
    assert_eq!((again.code, again.stderr), (Some(1), error));
    assert_eq!(fs::read(name.with_extension("key_secret")).unwrap(), before);
}
