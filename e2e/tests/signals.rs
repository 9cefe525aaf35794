//! Ctrl-C, SIGTERM and SIGHUP end every program within a second, whatever it is doing.

use std::io::{Write, pipe};

use e2e::{Peers, Process, Signal, Stream, endpoint, rust, shell};

/// How an interrupted program ends.
#[derive(Clone, Copy)]
enum End<'a> {
    /// An endless program has done its work: exit code 0, and this at the end of stdout.
    Done(&'a str),
    /// A finite program is cut short: exit code 130, 143 or 129, and an error line that begins with
    /// this.
    CutShort(&'a str),
}
use End::{CutShort, Done};

/// Starts a program three times, waits until it is `ready`, and ends it with SIGINT, with SIGTERM, and
/// with SIGHUP. Keeps the value that `ready` returns until the program has ended.
fn ends<T>(program: &str, flags: &[&str], ready: impl Fn(&Process) -> T, end: End) {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let process = rust(program).arg("-v").args(flags).start();
        let _kept = ready(&process);
        let ended = process.end_with(signal);
        let what = format!("{program} {flags:?}, {signal}: {ended:#?}");
        match end {
            Done(summary) => {
                assert!(ended.stdout.ends_with(&format!("{summary}\n")), "{what}");
                assert!(!ended.stderr.contains("error"), "{what}");
                assert_eq!(ended.code, Some(0), "{what}");
            }
            CutShort(missing) => {
                let error = ended.stderr.lines().last().unwrap_or_default();
                let expected = format!("error: interrupted by {signal}: {missing}");
                assert!(error.starts_with(&expected), "{what}");
                assert_eq!(ended.code, Some(code), "{what}");
            }
        }
    }
}

fn prints(text: &str) -> impl Fn(&Process) -> String {
    move |process| process.wait_for(Stream::Stderr, text)
}

#[test]
fn a_server_waiting_for_a_request() {
    let endpoint = endpoint();
    let ready = prints("listening");
    ends("zmq_server", &["--bind", &endpoint], &ready, Done("requests answered: 0"));
    let finite = ["--bind", &endpoint, "--count", "5"];
    ends("zmq_server", &finite, &ready, CutShort("answered 0 of 5 requests"));
}

#[test]
fn a_server_answering_without_a_pause() {
    let endpoint = endpoint();
    let flags = ["--connect", &endpoint, "--count", "0", "-q"];
    let busy = |server: &Process| {
        let clients = [(); 2].map(|()| rust("zmq_client").args(flags).start());
        server.wait_for_lines(Stream::Stdout, "received", 100);
        clients
    };
    ends("zmq_server", &["--bind", &endpoint], busy, Done(""));
}

#[test]
fn a_client_without_a_server() {
    let endpoint = endpoint();
    let ready = prints("retrying");
    let missing = CutShort("answered 0 of 1 request");
    ends("zmq_client", &["--connect", &endpoint], &ready, missing);
    let endless = ["--connect", &endpoint, "--count", "0"];
    ends("zmq_client", &endless, &ready, Done("requests answered: 0"));
    let with_timeout = ["--connect", &endpoint, "--timeout", "1h", "--retries", "5"];
    ends("zmq_client", &with_timeout, &ready, CutShort("answered 0 of 1 request"));
}

#[test]
fn a_client_waiting_for_an_answer_and_one_waiting_for_its_next_request() {
    let endpoint = endpoint();
    let server = Peers::new().bind(zmq::ROUTER, &endpoint);
    let asked = |_: &Process| server.recv_multipart(0).unwrap();
    let missing = CutShort("answered 0 of 1 request");
    ends("zmq_client", &["--connect", &endpoint], asked, missing);

    let answered = |client: &Process| {
        server.send_multipart(server.recv_multipart(0).unwrap(), 0).unwrap();
        client.wait_for(Stream::Stdout, "a message")
    };
    let patient = ["--connect", &endpoint, "--count", "2", "--interval", "1h"];
    ends("zmq_client", &patient, answered, CutShort("answered 1 of 2 requests"));
}

#[test]
fn a_publisher_flooding_with_and_without_a_subscriber() {
    let endpoint = endpoint();
    let flood = ["--bind", &endpoint, "--interval", "0"];
    let flooding = |publisher: &Process| publisher.wait_for(Stream::Stdout, "client2");
    ends("publisher", &flood, flooding, Done(""));

    let subscribed = |publisher: &Process| {
        // A peer that does not even receive.
        let subscriber = Peers::new().connect(zmq::SUB, &endpoint);
        publisher.wait_for(Stream::Stderr, "accepted");
        subscriber
    };
    ends("publisher", &flood, subscribed, Done(""));
    let all = ["--bind", &endpoint, "--interval", "0", "--count", "1000000000", "--hwm", "0"];
    ends("publisher", &all, subscribed, CutShort("published "));
}

#[test]
fn a_publisher_waiting_for_its_next_round_and_one_waiting_for_subscriptions() {
    let endpoint = endpoint();
    let flags = ["--bind", &endpoint, "--interval", "1h"];
    let published = |publisher: &Process| publisher.wait_for(Stream::Stdout, "client2");
    ends("publisher", &flags, published, Done("rounds published: 1"));
    let flags = ["--bind", &endpoint, "--wait-for", "1", "--count", "3"];
    ends("publisher", &flags, prints("listening"), CutShort("published 0 of 3 rounds"));
}

#[test]
fn a_subscriber_without_a_publisher_and_one_without_a_message() {
    let endpoint = endpoint();
    let missing = CutShort("received 0 of 1 message");
    ends("subscriber", &["--connect", &endpoint], prints("retrying"), missing);
    let _publisher = Peers::new().bind(zmq::PUB, &endpoint);
    let endless = ["--connect", &endpoint, "--count", "0"];
    ends("subscriber", &endless, prints("connected"), Done("messages received: 0"));
}

#[test]
fn a_subscriber_at_work() {
    let endpoint = endpoint();
    let publisher = Peers::new().bind(zmq::XPUB, &endpoint);
    let working = |subscriber: &Process| {
        // The last subscriber may still be withdrawing its subscription.
        while publisher.recv_bytes(0).unwrap() != b"\x01client1" {}
        publisher.send_multipart(["client1", "work"], 0).unwrap();
        subscriber.wait_for(Stream::Stdout, "work")
    };
    let flags = ["--connect", &endpoint, "--count", "2", "--work", "1h"];
    ends("subscriber", &flags, working, CutShort("received 1 of 2 messages"));
}

#[test]
fn a_producer_without_a_consumer_and_one_whose_consumer_takes_nothing() {
    let endpoint = endpoint();
    let missing = CutShort("sent 0 of 2000 tasks");
    ends("producer", &["--bind", &endpoint], prints("listening"), missing);
    let waiting = ["--bind", &endpoint, "--wait-for", "1"];
    let missing = CutShort("sent 0 of 2000 tasks");
    ends("producer", &waiting, prints("listening"), missing);
    let connected = |producer: &Process| {
        let consumer = Peers::new().connect(zmq::PULL, &endpoint);
        producer.wait_for(Stream::Stderr, "accepted");
        consumer
    };
    ends("producer", &["--bind", &endpoint, "--count", "0"], connected, Done(""));
}

#[test]
fn a_producer_whose_tasks_are_not_delivered_yet() {
    let flags = ["--connect", &endpoint(), "--count", "10"];
    let missing = CutShort("sent 10 tasks, but not all of them are delivered");
    ends("producer", &flags, prints("waiting until all that was sent is delivered"), missing);
}

#[test]
fn a_consumer_without_a_producer() {
    let (tasks, results) = (endpoint(), endpoint());
    let flags = ["--id", "5", "--tasks-connect", &tasks, "--results-bind", &results];
    ends("consumer", &flags, prints("retrying"), Done("results of consumer 5: 0"));
}

#[test]
fn a_consumer_at_work_and_one_without_a_collector() {
    let (tasks, results) = (endpoint(), endpoint());
    let producer = Peers::new().bind(zmq::PUSH, &tasks);
    let connected = |consumer: &Process| {
        producer.send("{\"num\": 0}", 0).unwrap();
        consumer.wait_for(Stream::Stderr, "connected")
    };
    let flags = ["--id", "5", "--tasks-connect", &tasks, "--results-bind", &results];
    ends("consumer", &flags, connected, Done("results of consumer 5: 0"));
    let slow = [&flags[..], &["--work", "1h"]].concat();
    ends("consumer", &slow, connected, Done("results of consumer 5: 0"));
}

#[test]
fn a_consumer_whose_results_are_not_delivered_yet() {
    let (tasks, results) = (endpoint(), endpoint());
    let producer = Peers::new().bind(zmq::PUSH, &tasks);
    // When the bad task is reported, the result of the one before it has been sent.
    let sent = |consumer: &Process| {
        producer.send("{\"num\": 0}", 0).unwrap();
        producer.send("bad", 0).unwrap();
        consumer.wait_for(Stream::Stderr, "rejected")
    };
    let flags = ["--id", "5", "--tasks-connect", &tasks, "--results-connect", &results];
    ends("consumer", &flags, sent, Done("results of consumer 5: 1, rejected: 1"));
}

#[test]
fn a_collector_without_results() {
    let endpoint = endpoint();
    let missing = CutShort("collected 0 of 1000 results");
    ends("resultcollector", &["--connect", &endpoint], prints("retrying"), missing);
    let missing = CutShort("collected 0 of 1000 results");
    ends("resultcollector", &["--bind", &endpoint], prints("listening"), missing);
    let endless = ["--bind", &endpoint, "--count", "0"];
    ends("resultcollector", &endless, prints("listening"), Done("results collected: 0"));
}

#[test]
fn the_reliable_pipeline_waiting_for_each_other() {
    let [work, acks, progress, results] = [(); 4].map(|()| endpoint());
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("results.jsonl");
    let flags = ["--bind", &work, "--acks-bind", &acks, "--progress-bind", &progress];
    ends("dispatcher", &flags, prints("listening"), CutShort("done 0 of 2000 tasks"));
    let flags = ["--connect", &work, "--results-connect", &results];
    ends("worker", &flags, prints("retrying"), CutShort("the job is not finished"));
    let flags = ["--bind", &results, "--acks-connect", &acks, "--output", output.to_str().unwrap()];
    ends("sink", &flags, prints("listening"), CutShort("the job is not finished"));
}

/// Its terminal may go: it was started with SIGHUP ignored.
#[test]
fn a_program_under_nohup() {
    let (endpoint, folder) = (endpoint(), tempfile::tempdir().unwrap());
    let commands = format!("trap '' HUP; exec zmq_server -v --bind {endpoint}");
    let server = shell(&commands, folder.path()).start();
    server.wait_until_listening();
    server.signal(Signal::SIGHUP);
    let client = rust("zmq_client").args(["--connect", &endpoint]).start().wait();
    assert_eq!(client.stdout, "b\"new message\"\n");
    assert_eq!(server.end_with(Signal::SIGTERM).code, Some(0));
}

#[test]
fn a_program_whose_stdout_nobody_reads() {
    let (_reader, mut writer) = pipe().unwrap();
    // As much as a pipe holds.
    writer.write_all(&vec![b'\n'; 65536]).unwrap();
    let publisher = rust("publisher").args(["-v", "--bind", &endpoint()]).start_with_stdout(writer);
    publisher.wait_until_listening();
    assert_eq!(publisher.interrupt().code, Some(130));
}
