//! Every program without arguments, on the article's ports, with a plain pyzmq program in place of
//! each of the others in turn.

use Language::{Python, Rust};
use e2e::{DefaultPorts, Language, Stream};

#[test]
fn the_server_answers_the_client() {
    let _ports = DefaultPorts::take();
    for (server_language, client_language) in [(Rust, Rust), (Python, Rust), (Rust, Python)] {
        let server = server_language.program("req-rep", "zmq_server").start();
        let client = client_language.program("req-rep", "zmq_client").start().wait();
        let reply = match client_language {
            Rust => "b\"new message\"\n",
            Python => "b'new message'\n",
        };
        assert_eq!((client.code, client.stdout.as_str()), (Some(0), reply));
        match server_language {
            Rust => server.wait_for(Stream::Stdout, "received bytes: b\"a message\""),
            Python => server.wait_for(Stream::Stdout, "received: b'a message'"),
        };
    }
}

#[test]
fn the_publisher_is_heard_by_the_subscriber() {
    let _ports = DefaultPorts::take();
    for (publisher_language, subscriber_language) in [(Rust, Rust), (Python, Rust), (Rust, Python)]
    {
        let _publisher = publisher_language.program("pub-sub", "publisher").start();
        let subscriber = subscriber_language.program("pub-sub", "subscriber").start().wait();
        let message = match subscriber_language {
            Rust => "[b\"client1\", b\"message for client1\"]\n",
            Python => "[b'client1', b'message for client1']\n",
        };
        assert_eq!((subscriber.code, subscriber.stdout.as_str()), (Some(0), message));
    }
}

#[test]
fn the_pipeline_collects_a_thousand_results() {
    let _ports = DefaultPorts::take();
    for languages in
        [[Rust, Rust, Rust], [Python, Rust, Rust], [Rust, Python, Rust], [Rust, Rust, Python]]
    {
        let [producer, consumer, collector] = languages;
        let producer = producer.program("pipeline", "producer").start();
        let consumer = consumer.program("pipeline", "consumer").start();
        let collector = collector.program("pipeline", "resultcollector").start().wait();
        let results =
            if languages[2] == Rust { "\nresults collected: 1000\n" } else { ": 1000}\n" };
        assert!(collector.stdout.ends_with(results), "{languages:?}: {collector:?}");
        assert_eq!(collector.code, Some(0));
        assert_eq!(producer.wait().code, Some(0), "{languages:?}");
        drop(consumer);
    }
}
