//! What a socket may be bound to, what stands in its way, and what a program says of it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use e2e::{Ended, Process, Stream, endpoint, rust, shell};

fn ipc(path: &Path) -> String {
    format!("ipc://{}", path.display())
}

fn bind(endpoint: &str) -> Ended {
    rust("zmq_server").args(["--bind", endpoint]).start().wait()
}

/// The error line, after `error: cannot bind ENDPOINT: `, and the hint.
fn refusal(endpoint: &str) -> (String, String) {
    let ended = bind(endpoint);
    let [error, hint] = ended.stderr.lines().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{error}");
    let reason = error.strip_prefix(&format!("error: cannot bind {endpoint}: ")).unwrap();
    (reason.to_owned(), hint.strip_prefix("hint: ").unwrap().to_owned())
}

#[test]
fn the_port_that_the_os_has_chosen_is_printed() {
    for (program, flags) in [
        ("zmq_server", &["--bind"][..]),
        ("publisher", &["--bind"]),
        ("producer", &["--bind"]),
        ("consumer", &["--tasks-connect", "tcp://localhost:1", "--results-bind"]),
        ("resultcollector", &["--bind"]),
    ] {
        for chosen in ["tcp://127.0.0.1:*", "tcp://127.0.0.1:0"] {
            let process = rust(program).args(flags).arg(chosen).start();
            let line = process.wait_for(Stream::Stderr, "listening on ");
            let endpoint = line.strip_prefix("note: listening on ").unwrap();
            // Somebody is there.
            TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
            assert_eq!(process.count(Stream::Stderr, "listening on "), 1, "{program}");
        }
    }
    // With -v, the monitor says so as of every endpoint; with -q, nobody.
    for (verbosity, lines) in [("-v", 2), ("-q", 0)] {
        let endpoint = endpoint();
        let flags = [verbosity, "--bind", "tcp://127.0.0.1:*", "--bind", &endpoint];
        let server = rust("zmq_server").args(flags).start();
        let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
        assert_eq!(client.code, Some(0));
        let stderr = server.interrupt().stderr;
        assert_eq!(stderr.matches("listening on ").count(), lines, "{stderr}");
        assert_eq!(stderr.matches("info: listening on ").count(), lines, "{stderr}");
    }
}

/// What a user gave is not repeated.
#[test]
fn a_port_that_was_given_is_not_printed() {
    let endpoint = endpoint();
    let server = rust("zmq_server").args(["--bind", &endpoint]).start();
    let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
    assert_eq!(client.code, Some(0));
    assert_eq!(server.interrupt().stderr, "");
}

#[test]
fn a_path_that_libzmq_has_chosen_is_gone_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = rust("zmq_server").args(["-v", "--bind", "ipc://*"]).env("TMPDIR", folder.path());
    let server = server.start();
    let endpoint = server.wait_until_listening();
    assert!(Path::new(endpoint.strip_prefix("ipc://").unwrap()).starts_with(folder.path()));
    let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
    assert_eq!(client.code, Some(0), "{client:?}");
    assert_eq!(server.interrupt().code, Some(0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_socket_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("precious.txt"), "precious").unwrap();
    fs::create_dir(path("folder")).unwrap();
    assert_eq!(shell("mkfifo pipe", folder.path()).start().wait().code, Some(0));
    symlink(path("precious.txt"), path("link")).unwrap();
    symlink("/dev/null", path("device")).unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    for (name, what) in [
        ("precious.txt", "a file"),
        ("folder", "a folder"),
        ("pipe", "a named pipe"),
        ("link", "a symbolic link"),
        ("device", "a symbolic link"),
        ("dangling", "a symbolic link"),
    ] {
        let before = fs::symlink_metadata(path(name)).unwrap();
        let (reason, hint) = refusal(&ipc(&path(name)));
        assert_eq!(reason, format!("{what} is there, and no socket"));
        assert_eq!(hint, "it is left as it is; choose a path where nothing is");
        let after = fs::symlink_metadata(path(name)).unwrap();
        assert_eq!(before.file_type(), after.file_type(), "{name}");
        assert_eq!(before.modified().unwrap(), after.modified().unwrap(), "{name}");
    }
    assert_eq!(fs::read_to_string(path("precious.txt")).unwrap(), "precious");
    assert_eq!(refusal("ipc:///dev/null").0, "a device is there, and no socket");
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_server_that_listens_on_a_path_keeps_it_and_a_dead_ones_path_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let endpoint = ipc(&path);
    let ask = || rust("zmq_client").args(["--connect", &endpoint]).start().wait().code;
    let first = rust("zmq_server").args(["-v", "--bind", &endpoint]).start();
    first.wait_until_listening();
    let (reason, hint) = refusal(&endpoint);
    assert_eq!(reason, "Address already in use");
    assert_eq!(hint, "another program listens there; is this one running already?");
    assert_eq!(ask(), Some(0));
    first.wait_for(Stream::Stdout, "received");

    // It crashes, and leaves its file.
    first.kill();
    assert!(path.exists());
    let second = rust("zmq_server").args(["-v", "--bind", &endpoint]).start();
    assert_eq!(second.wait_until_listening(), endpoint);
    assert_eq!(ask(), Some(0));
    assert_eq!(second.interrupt().stdout, "received bytes: b\"a message\"\nrequests answered: 1\n");
}

/// Programs of others, too, such as one that is too busy to accept, and one that takes datagrams.
#[test]
fn a_program_that_listens_on_a_path_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let [stream, datagrams] = ["stream", "datagrams"].map(|name| folder.path().join(name));
    let _listener = UnixListener::bind(&stream).unwrap();
    let _receiver = std::os::unix::net::UnixDatagram::bind(&datagrams).unwrap();
    for path in [&stream, &datagrams] {
        assert_eq!(refusal(&ipc(path)).0, "Address already in use");
    }
    assert!(UnixStream::connect(&stream).is_ok());
}

#[test]
fn of_servers_that_start_at_once_one_gets_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    for _ in 0..5 {
        // Stale.
        drop(UnixListener::bind(&path).unwrap());
        let endpoint = ipc(&path);
        let servers =
            [(); 4].map(|()| rust("zmq_server").args(["-v", "--bind", &endpoint]).start());
        // It listens, or cannot bind.
        let lines = servers.each_ref().map(|server| server.wait_for(Stream::Stderr, &endpoint));
        let listening = lines.iter().filter(|line| line.starts_with("info: listening on "));
        assert_eq!(listening.count(), 1, "{lines:?}");
        let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
        assert_eq!(client.code, Some(0), "{client:?}");
        servers.into_iter().for_each(Process::kill);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn an_abstract_name_has_no_file_to_look_at() {
    let endpoint = format!("ipc://@zmq-patterns-{}", std::process::id());
    let server = rust("zmq_server").args(["-v", "--bind", &endpoint]).start();
    server.wait_until_listening();
    assert_eq!(rust("zmq_client").args(["--connect", &endpoint]).start().wait().code, Some(0));
    assert!(bind(&endpoint).stderr.contains(": Address already in use\nhint: "));
}

#[test]
fn a_path_where_no_socket_can_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "").unwrap();
    let shown = folder.path().display();

    let (reason, hint) = refusal(&ipc(&path("nowhere/socket")));
    assert_eq!(reason, "No such file or directory");
    assert_eq!(hint, format!("there is no folder {shown}/nowhere"));

    let (reason, hint) = refusal(&ipc(&path("file/socket")));
    assert_eq!(reason, "Not a directory");
    assert_eq!(hint, format!("{shown}/file is not a folder, or not in one"));

    let long = path(&"x".repeat(108));
    let (reason, hint) = refusal(&ipc(&long));
    let bytes = long.as_os_str().len();
    assert_eq!(reason, "File name too long");
    assert_eq!(
        hint,
        format!("the path of a socket has at most 107 bytes, and this one has {bytes}")
    );

    // Where not even root makes a socket.
    let proc = refusal("ipc:///proc/socket");
    assert!(["Operation not permitted", "No such file or directory"].contains(&proc.0.as_str()));
}

/// As somebody else, where this user may become somebody else.
#[test]
fn a_folder_that_this_user_may_not_write_to_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let as_nobody = "if [ $(id -u) = 0 ]; then set -- setpriv --reuid 65534 --clear-groups; fi";
    let commands = format!("{as_nobody}; cp \"$(command -v zmq_server)\" server; chmod 755 .");
    let commands = format!("{commands}; chmod 555 .; exec \"$@\" ./server --bind ipc://socket");
    let ended = shell(&commands, folder.path()).start().wait();
    let lines = "error: cannot bind ipc://socket: Permission denied\n\
                 hint: this user may not make, or replace, a socket in the folder .\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), lines));
    assert!(!folder.path().join("socket").exists());
}

#[test]
fn an_address_of_another_host_says_so() {
    // From a block that is for documentation.
    let (reason, hint) = refusal("tcp://192.0.2.1:5555");
    assert_eq!(reason, "Cannot assign requested address");
    assert_eq!(hint, "no network interface of this host has that address");
}
