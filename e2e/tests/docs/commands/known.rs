//! The list of commands: where each is run, or why it is not.

use Where::{Not, Test};

/// Where a command is run.
pub enum Where {
    /// By this test: its file, and its name.
    Test(&'static str, &'static str),
    /// Nowhere, for this reason.
    Not(&'static str),
}

const DOCS: &str = "e2e/tests/docs/main.rs";
const DEFAULTS: &str = "e2e/tests/defaults.rs";
const SCRIPTS: &str = "e2e/tests/scripts/main.rs";
const EXPERIMENTS: &str = "e2e/tests/scripts/experiments.rs";

const SERVERS: Where = Test(DEFAULTS, "every_server_answers_every_client_in_turn");
const PUBLISHERS: Where = Test(DEFAULTS, "every_publisher_is_heard_by_every_subscriber");
const PIPELINES: Where = Test(DEFAULTS, "every_bare_program_works_in_every_pipeline");
const VERDICTS: Where = Test(EXPERIMENTS, "experiments_end_with_their_verdicts");
const TMUX: Where = Test(SCRIPTS, "tmux_opens_each_program_in_a_pane_of_its_own");
const STORM: Where = Test(EXPERIMENTS, "a_storm_of_kills_ends_with_every_task_in_the_output");
const HOSTS: Where =
    Test("e2e/tests/hosts.rs", "the_script_prints_what_was_lost_and_how_long_recovery_took");
const LATENCY: Where = Test(
    "req-rep/zmq_client/tests/requests.rs",
    "with_latency_the_end_tells_how_long_the_answers_took",
);
const PYTHON: Where = Not("as the twin of request-reply, which is run so");
const FLAG: Where = Not("names a flag, and is no whole command");
const EXAMPLE: Where =
    Test("e2e/tests/docs/front_page.rs", "the_reliable_pipeline_works_as_it_is_typed");
const SYSTEMD: Where = Test(
    "e2e/tests/deploy/systemd.rs",
    "systemd_restarts_whatever_is_killed_and_the_job_ends_cleanly",
);
const LAB: Where = Not("runs until interrupted; lab/tests run the program that it starts");
const OMQ_LIBZMQ: Where = Not("measures, with nothing else running");
const BUILDS: Where = Not("every test builds what it runs");

/// The pages whose listings (`sh` and `console`) are all typed by one test, as they stand.
pub const TYPED: &[(&str, Where)] = &[
    ("req-rep/README.md", Test(DOCS, "transcripts_of_request_reply_are_what_is_printed")),
    ("pub-sub/README.md", Test(DOCS, "transcripts_of_publish_subscribe_are_what_is_printed")),
    ("pipeline/README.md", Test(DOCS, "transcripts_of_the_pipeline_are_what_is_printed")),
    ("SECURITY.md", Test(DOCS, "commands_that_lock_each_pattern_work_as_they_stand")),
    (
        "TROUBLESHOOTING.md",
        Test(
            "e2e/tests/docs/troubleshooting.rs",
            "messages_of_the_troubles_are_printed_by_their_commands",
        ),
    ),
    (
        "OWN-PROGRAM.md",
        Test(
            "e2e/tests/docs/own_program.rs",
            "a_package_outside_the_workspace_builds_and_is_answered",
        ),
    ),
    (
        "deploy/slurm/README.md",
        Test(
            "e2e/tests/deploy/slurm.rs",
            "slurm_cancels_a_worker_and_loses_a_node_and_each_task_is_done_once",
        ),
    ),
    ("deploy/systemd/README.md", SYSTEMD),
    ("deploy/kubernetes/README.md", Not("needs a cluster; the tests run what the manifests do")),
    (
        "reliable-pipeline/README.md",
        Test(
            "e2e/tests/docs/reliable.rs",
            "the_tutorial_of_the_reliable_pipeline_works_as_it_stands",
        ),
    ),
];

/// All other commands, those within the text included, sorted.
pub const COMMANDS: &[(&str, Where)] = &[
    ("\"$(scripts/python.sh)\" pipeline/python/producer.py", PYTHON),
    ("\"$(scripts/python.sh)\" pub-sub/python/publisher.py", PYTHON),
    (
        "\"$(scripts/python.sh)\" req-rep/python/zmq_server.py",
        Test(
            "e2e/tests/scripts/main.rs",
            "scripts_run_in_a_path_with_spaces_and_chinese_characters",
        ),
    ),
    ("apt-get install build-essential", Not("it changes the reader's system")),
    ("cargo build", BUILDS),
    ("cargo run --example consumer", PIPELINES),
    ("cargo run --example producer", PIPELINES),
    ("cargo run --example publisher", PUBLISHERS),
    ("cargo run --example resultcollector", PIPELINES),
    ("cargo run --example subscriber", PUBLISHERS),
    ("cargo run --example zmq_client", SERVERS),
    ("cargo run --example zmq_server", SERVERS),
    ("cargo run --release -q -p zmq_client -- --count 10000 --latency --quiet", LATENCY),
    ("cargo run -p zmq_server", SERVERS),
    ("chmod 600 FILE", FLAG),
    ("git clone ADDRESS zmq-patterns && cd zmq-patterns", Not("no address is known yet")),
    ("mkdir FOLDER", FLAG),
    ("pip install pyzmq", Not("scripts/python.sh installs it for the tests, by the same pip")),
    ("publisher --wait-for", FLAG),
    ("python3 pipeline/python/bare/consumer.py", PIPELINES),
    ("python3 pipeline/python/bare/resultcollector.py", PIPELINES),
    ("python3 pub-sub/python/bare/publisher.py", PUBLISHERS),
    ("python3 req-rep/python/bare/zmq_server.py", SERVERS),
    ("rustup update", Not("it changes the reader's system")),
    ("scripts/bench.sh", Not("35 minutes, with nothing else running")),
    (
        "scripts/bench.sh --quick",
        Not("a release build takes minutes; e2e/tests/bench.rs runs its zmq_bench"),
    ),
    ("scripts/experiments/consumer-dies.sh", VERDICTS),
    ("scripts/experiments/curve.sh", Test(EXPERIMENTS, "curve_lets_in_whose_key_is_allowed")),
    ("scripts/experiments/kill-storm.sh", STORM),
    ("scripts/experiments/late-subscriber.sh", VERDICTS),
    ("scripts/experiments/multi-host.sh", HOSTS),
    ("scripts/experiments/server-dies.sh", VERDICTS),
    ("scripts/experiments/slow-consumer.sh", VERDICTS),
    ("scripts/pipeline.sh", Test(SCRIPTS, "pipeline_ends_with_a_thousand_results_counted")),
    (
        "scripts/pipeline.sh --consumers 3",
        Test(SCRIPTS, "pipeline_with_three_consumers_shows_three"),
    ),
    ("scripts/pub-sub.sh", Test(SCRIPTS, "pub_sub_runs_the_publisher_and_two_subscribers")),
    ("scripts/reliable-pipeline.sh", EXAMPLE),
    (
        "scripts/reliable-pipeline.sh --workers 4 --output results.jsonl --input \
         reliable-pipeline/example/tasks.jsonl -- reliable-pipeline/example/do-a-task.sh",
        EXAMPLE,
    ),
    ("scripts/req-rep.sh", Test(SCRIPTS, "req_rep_runs_the_server_and_the_client")),
    ("scripts/test.sh", Not("it runs the tests")),
    ("scripts/tmux.sh pipeline", TMUX),
    ("scripts/tmux.sh pub-sub", TMUX),
    ("scripts/tmux.sh req-rep", TMUX),
    ("sh -c 'wc -c \"$1\"' sh {}", FLAG),
    ("sh -c 'wc -c {}'", FLAG),
    ("sh -c '… \"$1\"' sh {}", FLAG),
    ("sink --retry-failed", FLAG),
    ("tail -n 3 results.jsonl", EXAMPLE),
    (
        "cargo build --release --locked --manifest-path bench/peers/omq-libzmq/Cargo.toml \
         --target-dir target",
        Not("6 minutes, for one peer"),
    ),
    (
        "target/release/zmq_bench pipeline --msgs 1000000 --peers zmq-patterns,bare,bare-omq,omq",
        OMQ_LIBZMQ,
    ),
    (
        "target/release/zmq_bench req-rep --msgs 5000 --rounds 9 --cpus 0 --peers \
         zmq-patterns,bare,bare-omq,omq",
        OMQ_LIBZMQ,
    ),
    (
        "target/release/zmq_bench req-rep --msgs 5000 --rounds 9 --peers \
         zmq-patterns,bare,bare-omq,omq",
        OMQ_LIBZMQ,
    ),
    (
        "target/release/zmq_bench reliable --msgs 1000000 --rounds 9",
        Not("a release build takes minutes; e2e/tests/bench.rs runs its zmq_bench"),
    ),
    ("target/release/zmq_bench -h", Not("the help of a release build, which takes minutes")),
    ("zmq_client --count 10000 --latency -q", LATENCY),
    ("zmq_client --count 20000 --latency -q", LATENCY),
    ("cargo build --locked", BUILDS),
    ("kubectl logs job/pipeline -c sink", Not("needs a cluster")),
    ("scancel JOB_2", Not("the tests' own words: a job has another number each time")),
    ("scripts/dist.sh", Test("e2e/tests/dist.rs", "packed")),
    ("scripts/lab.sh", LAB),
    ("scripts/lab.sh --record c12 --output c12.jsonl", LAB),
    ("scripts/lab.sh --replay FILE", LAB),
    ("scripts/record-lab.sh", Not("takes minutes; a test reads what it has made")),
    ("sudo systemctl edit pipeline-dispatcher@.service", SYSTEMD),
    ("sudo systemctl edit pipeline-sink@.service", SYSTEMD),
    ("sudo systemctl edit pipeline-worker", SYSTEMD),
    ("sudo systemctl enable pipeline-sink@night", Not("starts at boot, which the tests do not do")),
    ("sudo systemctl stop 'pipeline-*@night'", SYSTEMD),
    ("scripts/book.sh", Test("e2e/tests/book.rs", "the_book_can_be_read_in_both_languages")),
    ("cargo install --locked --path req-rep/zmq_server", Not("a release build takes minutes")),
    ("dpkg -i target/dist/zmq-patterns_0.2.0-1_amd64.deb", Test("e2e/tests/dist.rs", "install")),
    (
        "man zmq_server",
        Test("e2e/tests/dist.rs", "each_program_has_a_man_page_with_examples_and_exit_codes"),
    ),
    (
        "zmq_server --completions bash",
        Test("e2e/tests/dist.rs", "each_program_prints_its_completions_and_its_man_page"),
    ),
    (
        "zmq_server --man | man -l -",
        Test("e2e/tests/dist.rs", "each_program_prints_its_completions_and_its_man_page"),
    ),
    ("cargo fmt", Not("scripts/test.sh runs it, with --check")),
    ("cargo run --example NAME", FLAG),
    ("scripts/foreign-peers.sh", Not("the kit runs it for the tests with these peers")),
    ("worker -- CMD", FLAG),
];
