//! What `scripts/dist.sh` packs, installed into a system that has nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use e2e::{endpoint, root, rust, shell, skip};

/// All programs of the package.
const ALL: [&str; 11] = [
    "consumer",
    "curve_keygen",
    "dispatcher",
    "producer",
    "publisher",
    "resultcollector",
    "sink",
    "subscriber",
    "worker",
    "zmq_client",
    "zmq_server",
];

/// What the programs may be linked with dynamically: the C and C++ libraries, and what loads them.
const LIBRARIES: [&str; 7] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libgcc_s.so.1",
    "libm.so.6",
    "libstdc++.so.6",
    "linux-vdso.so.1",
];

/// A folder below target/, where the package, and a system with it, are made once for all tests.
fn folder() -> PathBuf {
    root().join("target/dist-test")
}

/// Runs a command, which may take long, and returns what went wrong.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{command:?}: {}\n{}", text(&output.stdout), text(&output.stderr)))
    }
}

/// The package, in the profile of the tests' programs, which are built by now.
fn packed() -> &'static Path {
    static PACKED: OnceLock<PathBuf> = OnceLock::new();
    PACKED.get_or_init(|| {
        let dist = folder().join("dist");
        let mut script = Command::new(root().join("scripts/dist.sh"));
        run(script.args(["--profile", "dev", "--to"]).arg(&dist)).unwrap();
        dist
    })
}

/// A clean system with the package. Without root there is none: then this fails where CI is set,
/// and says so elsewhere.
fn installed() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    INSTALLED.get_or_init(install).as_deref()
}

fn install() -> Option<PathBuf> {
    let clean = match run(&mut Command::new(root().join("scripts/clean-root.sh"))) {
        Ok(path) => path.trim_end().to_owned(),
        Err(reason) => {
            skip("the package in a clean system", &reason);
            return None;
        }
    };
    let system = folder().join("system");
    let commands = format!(
        "rm -rf {system}; cp -a {clean} {system}; cp {packed}/*.deb {system}/package.deb
         chroot {system} dpkg -i package.deb",
        system = system.display(),
        packed = packed().display()
    );
    run(Command::new("sh").args(["-euc", &commands])).unwrap();
    Some(system)
}

/// What a shell in the clean system prints for these commands.
fn printed(commands: &str) -> Option<String> {
    let quoted = format!(
        "exec env -i PATH=/usr/bin:/usr/sbin:/bin LANG=C.UTF-8 MANPAGER=cat chroot {} bash -euc '{}'",
        installed()?.display(),
        commands.replace('\'', "'\\''")
    );
    let ended = shell(&quoted, root()).start().wait();
    assert_eq!(ended.code, Some(0), "{commands}: {ended:?}");
    Some(ended.stdout)
}

#[test]
fn each_program_runs_in_a_clean_system() {
    let Some(versions) = printed(&format!("for p in {}; do $p --version; done", ALL.join(" ")))
    else {
        return;
    };
    let expected = ALL.map(|program| format!("{program} {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(versions, expected.concat());
}

#[test]
fn programs_are_linked_with_the_c_and_c_plus_plus_libraries_alone() {
    let Some(listed) = printed(&format!("cd /usr/bin; ldd {}", ALL.join(" "))) else { return };
    let libraries = listed.lines().filter_map(|line| line.strip_prefix('\t'));
    for library in libraries {
        let path = library.split(' ').next().unwrap();
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        assert!(LIBRARIES.contains(&name), "{library} in\n{listed}");
    }
}

#[test]
fn each_program_has_a_man_page_with_examples_and_exit_codes() {
    for program in ALL {
        let Some(page) = printed(&format!("man {program}")) else { return };
        for line in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "EXIT STATUS"] {
            assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
        }
        let words: Vec<_> = page.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("NAME {program} - ")), "{page}");
    }
}

/// As when somebody types it and presses Tab.
#[test]
fn bash_completes_each_programs_flags() {
    for program in ALL {
        let commands = format!(
            "set +eu; . /usr/share/bash-completion/bash_completion; _completion_loader {program}
             COMP_WORDS=({program} --vers) COMP_CWORD=1 COMP_LINE='{program} --vers'
             $(complete -p {program} | sed 's/.*-F //; s/ .*//') {program} --vers {program}
             echo ${{COMPREPLY[*]}}"
        );
        let Some(completed) = printed(&commands) else { return };
        assert_eq!(completed, "--version\n", "{program}");
    }
}

#[test]
fn both_pipelines_run_in_a_clean_system() {
    let (tasks, results, acks, progress) = (endpoint(), endpoint(), endpoint(), endpoint());
    let Some(collected) = printed(&format!(
        "trap 'kill $(jobs -p)' EXIT
         producer --bind {tasks} & consumer --tasks-connect {tasks} --results-bind {results} &
         resultcollector --connect {results}"
    )) else {
        return;
    };
    assert!(collected.contains("results collected: 1000\n"), "{collected}");
    let (tasks, results) = (endpoint(), endpoint());
    let done = printed(&format!(
        "dispatcher --bind {tasks} --acks-bind {acks} --progress-bind {progress} --count 20 &
         worker --connect {tasks} --results-connect {results} -- wc -c &
         sink --bind {results} --acks-connect {acks} --output /results.jsonl; wait
         grep -c '\"result\"' /results.jsonl"
    ));
    assert!(done.as_ref().is_some_and(|done| done.ends_with("\n20\n")), "{done:?}");
}

/// What the README promises of a package that is made on Debian 12.
#[test]
fn a_package_of_debian_12_also_runs_on_ubuntu_22_04() {
    if !fs::read_to_string("/etc/os-release").unwrap().contains("VERSION_CODENAME=bookworm") {
        return;
    }
    let fields = format!("dpkg-deb -f {}/*.deb Depends", packed().display());
    let depends = run(Command::new("sh").args(["-euc", &fields])).unwrap();
    for needed in depends.trim_end().split(", ") {
        let (library, version) = needed.trim_end_matches(')').split_once(" (>= ").unwrap();
        let has = match library {
            "libc6" => "2.35",
            "libgcc-s1" | "libstdc++6" => "12.3",
            _ => panic!("{library} in {depends}"),
        };
        let mut compare = Command::new("dpkg");
        run(compare.args(["--compare-versions", version, "le", has])).unwrap();
    }
}

/// The flags are for packages: the help does not show them.
#[test]
fn each_program_prints_its_completions_and_its_man_page() {
    for program in ALL {
        let printed = |flags: &[&str]| {
            let ended = rust(program).args(flags).start().wait();
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{program} {flags:?}");
            ended.stdout
        };
        for (shell, line) in [
            ("bash", format!("_{program}() {{")),
            ("zsh", format!("#compdef {program}")),
            ("fish", format!("complete -c {program} -s V -l version -d 'Print version'")),
        ] {
            let script = printed(&["--completions", shell]);
            assert!(script.lines().any(|found| found == line), "no {line} in\n{script}");
        }
        let page = printed(&["--man"]);
        for line in [".SH EXAMPLES", ".SH \"EXIT STATUS\""] {
            assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
        }
        let help = printed(&["--help"]);
        assert!(!help.contains("--completions") && !help.contains("--man"), "{help}");
    }
    let ended = rust("zmq_server").args(["--completions", "tcsh"]).start().wait();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("error: invalid value 'tcsh'"), "{}", ended.stderr);
}

/// Last what is in the files: whoever unpacks the tarball gets the same.
#[test]
fn the_files_are_complete_and_as_summed() {
    let packed = packed();
    let sums = run(Command::new("sha256sum").args(["-c", "SHA256SUMS"]).current_dir(packed));
    assert_eq!(sums.unwrap().lines().count(), 2);
    let files = fs::read_dir(packed).unwrap().map(|entry| entry.unwrap().path());
    let tarball = files.into_iter().find(|path| path.to_string_lossy().ends_with(".tar.gz"));
    let listed = run(Command::new("tar").arg("-tzf").arg(tarball.unwrap())).unwrap();
    for program in ALL {
        for file in [
            format!("bin/{program}"),
            format!("share/man/man1/{program}.1.gz"),
            format!("share/bash-completion/completions/{program}"),
            format!("share/zsh/site-functions/_{program}"),
            format!("share/fish/vendor_completions.d/{program}.fish"),
        ] {
            assert!(listed.lines().any(|line| line.ends_with(&format!("/{file}"))), "no {file}");
        }
    }
    assert!(listed.contains("share/doc/zmq-patterns/copyright"), "{listed}");
}

#[test]
fn the_licences_are_of_all_that_is_linked() {
    let script = root().join("scripts/lib/licences.py");
    let licences = run(Command::new("python3").arg(script).current_dir(root())).unwrap();
    for part in
        ["Mozilla Public License Version 2.0", "ISC License", "libsodium", "zmq 0.10", "clap 4"]
    {
        assert!(licences.contains(part), "no {part}");
    }
}
