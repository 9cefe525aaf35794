//! Beneath the patterns: the transports, and the number of peers that one socket talks to.

use e2e::{Process, endpoint, rust};

fn start(program: &str, flags: &[&str]) -> Process {
    rust(program).args(flags).start()
}

/// C0, the title's question: is ZeroMQ built on TCP? Over `tcp://` it is: a socket sends a
/// greeting, a handshake and frames on a plain TCP stream, and a program without ZeroMQ can do the
/// same. But the patterns do not need TCP: they run unchanged over `ipc://`.
#[test]
fn c0_over_tcp_zeromq_is_frames_on_a_tcp_stream() {
    let endpoint = endpoint();
    let server = start("zmq_server", &["-v", "--bind", &endpoint]);
    server.wait_until_listening();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let ended = start("examples/raw_tcp_client", &[address, "plain TCP"]).wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in [
        "    ff 00 00 00 00 00 00 00 01 7f                    ..........",
        "    00 09 70 6c 61 69 6e 20 54 43 50                 ..plain TCP",
        "    00 0b 6e 65 77 20 6d 65 73 73 61 67 65           ..new message",
        "reply: \"new message\"",
    ] {
        assert!(ended.stdout.lines().any(|shown| shown == line), "{line}\n{}", ended.stdout);
    }
    let answered = server.interrupt().stdout;
    assert_eq!(answered, "received bytes: b\"plain TCP\"\nrequests answered: 1\n");

    let folder = tempfile::tempdir().unwrap();
    let socket = |name: &str| format!("ipc://{}", folder.path().join(name).display());
    let (requests, news, tasks, results) =
        (socket("requests"), socket("news"), socket("tasks"), socket("results"));

    let _server = start("zmq_server", &["--bind", &requests]);
    let client = start("zmq_client", &["--connect", &requests]).wait();
    assert_eq!(client.stdout, "b\"new message\"\n");

    let subscriber = start("subscriber", &["--connect", &news]);
    let _publisher = start("publisher", &["--bind", &news]);
    assert_eq!(subscriber.wait().stdout, "[b\"client1\", b\"message for client1\"]\n");

    let _producer = start("producer", &["--bind", &tasks]);
    let _consumer = start("consumer", &["--tasks-connect", &tasks, "--results-bind", &results]);
    let collector = start("resultcollector", &["--connect", &results]).wait();
    assert!(collector.stdout.ends_with("results collected: 1000\n"), "{}", collector.stdout);
}

/// C1: a TCP socket is one end of one connection; a ZeroMQ socket talks to many peers. Holds for
/// each pattern and in both directions: a socket can bind and connect any number of times.
#[test]
fn c1_sockets_are_many_to_many() {
    clients_and_servers();
    subscribers_and_publishers();
    consumers_and_producers();
}

/// Each client sends requests to all servers in turn, and each server answers all clients.
fn clients_and_servers() {
    let endpoints = [endpoint(), endpoint(), endpoint()];
    let servers = endpoints
        .each_ref()
        .map(|endpoint| start("zmq_server", &["--bind", endpoint, "--reply", endpoint]));
    let connect: Vec<_> = endpoints.iter().flat_map(|endpoint| ["--connect", endpoint]).collect();
    let clients =
        [(); 3].map(|()| rust("zmq_client").args(&connect).args(["--count", "6"]).start());
    for client in clients {
        let ended = client.wait();
        for endpoint in &endpoints {
            let reply = format!("b\"{endpoint}\"\n");
            assert_eq!(ended.stdout.matches(&reply).count(), 2, "{}", ended.stdout);
        }
    }
    for server in servers {
        assert!(server.interrupt().stdout.ends_with("requests answered: 6\n"));
    }
}

/// Each subscriber receives the messages of all publishers.
fn subscribers_and_publishers() {
    let endpoints = [endpoint(), endpoint()];
    let connect = endpoints.iter().flat_map(|endpoint| ["--connect", endpoint]);
    let subscribers = [(); 3]
        .map(|()| rust("subscriber").args(["news", "--count", "20"]).args(connect.clone()).start());
    let topics = ["news of one", "news of another"];
    let publishers: Vec<_> = topics
        .into_iter()
        .zip(&endpoints)
        .map(|(topic, endpoint)| {
            let flags = ["--wait-for", "3", "--count", "10", "--interval", "0", "--topic", topic];
            rust("publisher").args(["--bind", endpoint]).args(flags).start()
        })
        .collect();
    for subscriber in subscribers {
        let ended = subscriber.wait();
        for topic in topics {
            let shown = format!("[b\"{topic}\", b\"message for {topic}\"]\n");
            assert_eq!(ended.stdout.matches(&shown).count(), 10, "{}", ended.stdout);
        }
    }
    for publisher in publishers {
        assert_eq!(publisher.wait().code, Some(0));
    }
}

/// Each consumer receives tasks from all producers, and the collector results from all consumers.
fn consumers_and_producers() {
    let (tasks, results) = ([endpoint(), endpoint()], endpoint());
    let flags = ["--bind", &results, "--count", "2000", "--format", "json"];
    let collector = start("resultcollector", &flags);
    let connect = tasks.iter().flat_map(|endpoint| ["--tasks-connect", endpoint]);
    let _consumers = ["1", "2"].map(|id| {
        let flags = ["--results-connect", &results, "--id", id];
        rust("consumer").args(flags).args(connect.clone()).start()
    });
    let producers = tasks.each_ref().map(|endpoint| {
        start("producer", &["--bind", endpoint, "--wait-for", "2", "--count", "1000"])
    });
    for producer in producers {
        assert_eq!(producer.wait().code, Some(0));
    }
    let counted = "{\"collected\":2000,\"consumers\":{\"1\":1000,\"2\":1000},\"rejected\":0}\n";
    assert_eq!(collector.wait().stdout, counted);
}
