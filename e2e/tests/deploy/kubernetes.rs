//! `deploy/kubernetes`: its manifests are valid, and what they run works. No cluster is needed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use e2e::{DEADLINE, Process, endpoint, root, rust, shell};
use serde_json::Value;

use crate::{assert_each_task_once, executable, folder, wait_until};

/// The oldest version in which all that the manifests use is stable, and the newest.
const VERSIONS: [&str; 2] = ["1.33", "1.37"];

/// Sets up the Python that has kubernetes-validate, and prints its path.
const SET_UP: &str = r#". scripts/lib/venv.sh
venv manifests deploy/kubernetes/requirements.txt
echo "$venv/bin/python""#;

fn python(args: &[&str], folder: &Path) -> String {
    static PYTHON: OnceLock<String> = OnceLock::new();
    let path = PYTHON.get_or_init(|| {
        let mut script = Command::new("sh");
        script.args(["-euc", SET_UP]).current_dir(root());
        let path = script.stderr(Stdio::inherit()).output().unwrap();
        assert!(path.status.success(), "no kubernetes-validate: {}", path.status);
        String::from_utf8(path.stdout).unwrap().trim_end().to_owned()
    });
    let ended = Command::new(path).args(args).current_dir(folder).output().unwrap();
    assert!(ended.status.success(), "{args:?}: {ended:?}");
    String::from_utf8(ended.stdout).unwrap()
}

/// A folder with all manifests, new keys among them.
struct Manifests(tempfile::TempDir);

impl Manifests {
    fn new() -> Self {
        let manifests = Self(folder());
        let source = root().join("deploy/kubernetes");
        for name in ["pipeline.yaml", "workers.yaml", "results.yaml"] {
            fs::copy(source.join(name), manifests.path(name)).unwrap();
        }
        let keys = format!("exec {}/keys.sh", source.display());
        let keys = shell(&keys, manifests.0.path()).start().wait();
        assert_eq!(keys.code, Some(0), "{keys:?}");
        fs::write(manifests.path("keys.yaml"), keys.stdout).unwrap();
        manifests
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// All resources of a kind.
    fn of_kind(&self, kind: &str) -> Vec<Value> {
        let script = "import glob, json, yaml\n\
                      files = [open(path) for path in sorted(glob.glob('*.yaml'))]\n\
                      print(json.dumps([r for file in files for r in yaml.safe_load_all(file)]))";
        let all = python(&["-c", script], self.0.path());
        let all: Vec<Value> = serde_json::from_str(&all).unwrap();
        all.into_iter().filter(|resource| resource["kind"] == kind).collect()
    }

    /// The pods that jobs run.
    fn pods(&self) -> Vec<Value> {
        self.of_kind("Job").iter().map(|job| job["spec"]["template"]["spec"].clone()).collect()
    }

    /// Mounts a Secret as Kubernetes does: files behind two symbolic links.
    fn mount(&self, volume: &Value) -> PathBuf {
        let name = &volume["secretName"];
        let secrets = self.of_kind("Secret");
        let secret = secrets.iter().find(|secret| secret["metadata"]["name"] == *name).unwrap();
        let files = secret["stringData"].as_object().unwrap();
        let mounted = self.path(name.as_str().unwrap());
        let data = mounted.join("..2026");
        fs::create_dir_all(data.join("allowed")).unwrap();
        symlink("..2026", mounted.join("..data")).unwrap();
        let of = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        let items: Vec<_> = match volume["items"].as_array() {
            Some(items) => items.iter().map(|item| (of(item, "key"), of(item, "path"))).collect(),
            None => files.keys().map(|key| (key.clone(), key.clone())).collect(),
        };
        for (key, path) in items {
            fs::write(data.join(&path), files[&key].as_str().unwrap()).unwrap();
            let top = path.split('/').next().unwrap();
            // The folder's link is there already for its second file.
            let _ = symlink(Path::new("..data").join(top), mounted.join(top));
        }
        mounted
    }

    /// The containers of a pod, started on this host, on ports of their own.
    fn start(&self, pod: &Value, ports: &Ports) -> Vec<Process> {
        let volumes = pod["volumes"].as_array().unwrap();
        let secret = volumes.iter().find(|volume| volume["secret"].is_object()).unwrap();
        let (keys, folder) = (self.mount(&secret["secret"]), self.0.path());
        let here = |arg: &Value| {
            [
                ("/keys/", &format!("{}/", keys.display())),
                ("/tasks/", &format!("{}/", folder.display())),
                ("/data/", &format!("{}/", folder.display())),
                ("$(JOB_COMPLETION_INDEX)", &"3".to_owned()),
                ("tcp://pipeline:5577", &ports.work),
                ("tcp://pipeline:5578", &ports.results),
                ("tcp://127.0.0.1:5579", &ports.acks),
            ]
            .into_iter()
            .fold(arg.as_str().unwrap().to_owned(), |arg, (there, here)| arg.replace(there, here))
        };
        let started = containers(pod).into_iter().map(|(program, args)| {
            let binds = match program.as_str() {
                "dispatcher" => vec!["--bind", &ports.work, "--progress-bind", &ports.progress],
                "sink" => vec!["--bind", &ports.results],
                _ => Vec::new(),
            };
            // With the folder of the workers' command.
            let program = shell("PATH=$PWD:$PATH; exec \"$0\" \"$@\"", folder).arg(program);
            program.args(binds).args(args.iter().map(here)).start()
        });
        started.collect()
    }
}

/// Endpoints in place of the default ones.
struct Ports {
    work: String,
    results: String,
    acks: String,
    progress: String,
}

/// The programs that a pod runs, and their arguments.
fn containers(pod: &Value) -> Vec<(String, Vec<Value>)> {
    let of = |kind: &str| pod[kind].as_array().cloned().unwrap_or_default();
    let all = of("initContainers").into_iter().chain(of("containers"));
    all.map(|container| {
        let program = container["command"][0].as_str().unwrap().to_owned();
        (program, container["args"].as_array().unwrap().clone())
    })
    .collect()
}

#[test]
fn manifests_are_valid() {
    let manifests = Manifests::new();
    for version in VERSIONS {
        let mut args = vec!["-m", "kubernetes_validate", "--strict", "-k", version];
        args.extend(["pipeline.yaml", "workers.yaml", "results.yaml", "keys.yaml"]);
        let said = python(&args, manifests.0.path());
        assert_eq!(said.lines().count(), 9, "{said}");
    }
}

#[test]
fn manifests_use_flags_that_exist() {
    let mut flags = 0;
    for (program, args) in Manifests::new().pods().iter().flat_map(containers) {
        let help = rust(&program).arg("--help").start().wait().stdout;
        let args = args.iter().map(|arg| arg.as_str().unwrap());
        for arg in args.take_while(|arg| *arg != "--") {
            let flag = arg.split('=').next().unwrap();
            assert!(help.split_whitespace().any(|word| word == flag), "{program} has no {flag}");
            flags += 1;
        }
    }
    assert_eq!(flags, 15);
}

/// What the pods run, with the Secrets' keys, on this host.
#[test]
fn manifests_run_a_job() {
    let [work, results, acks, progress] = [(); 4].map(|()| endpoint());
    let ports = Ports { work, results, acks, progress };
    let manifests = Manifests::new();
    fs::write(manifests.path("tasks.jsonl"), "1\n2\n3\n").unwrap();
    executable(&manifests.path("do-a-task.sh"), "#!/bin/sh\ncat\n");
    let processes: Vec<_> =
        manifests.pods().iter().flat_map(|pod| manifests.start(pod, &ports)).collect();
    assert_eq!(processes.len(), 3);
    wait_until("the job's end", DEADLINE, || processes.iter().all(Process::has_ended));
    for ended in processes.into_iter().map(Process::wait) {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_each_task_once(&manifests.path("results.jsonl"), 3);
}
