//! Servers of one test, on free loopback ports, which end with the test. `tests/tools.sh` installs them into the virtual
//! environment that `PFE_TEST_VENV` names.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use pfe::engine;
use pfe::pipeline::{How, Input, RunParams};
use pfe::report::Lang;

use super::workdir::Workdir;

/// Time limit for a server to start, in tenths of a second. Spark needs seven seconds on a quiet machine.
const START: u32 = 1_800;

pub struct Server {
    child: Child,
    pub url: String,
    folder: tempfile::TempDir,
}

/// The virtual environment. CI must have it; elsewhere, a test without it says that it was skipped.
fn venv() -> Option<PathBuf> {
    match std::env::var_os("PFE_TEST_VENV") {
        Some(path) => Some(path.into()),
        None if std::env::var_os("CI").is_some() => panic!("PFE_TEST_VENV is not set: `. tests/tools.sh` sets it"),
        None => {
            eprintln!("skipped: PFE_TEST_VENV is not set; `. tests/tools.sh` installs the servers");
            None
        }
    }
}

impl Server {
    /// Sail in one process; with `SAIL_MODE=local-cluster` among the variables, it has workers.
    pub fn sail(variables: &[(&str, &str)]) -> Option<Server> {
        let mut command = Command::new(venv()?.join("bin/sail"));
        command.args(["spark", "server", "--ip", "127.0.0.1", "--port"]).envs(variables.iter().copied());
        Some(Server::start(command, |command, port| {
            command.arg(port.to_string());
        }))
    }

    /// Spark with two threads.
    pub fn spark() -> Option<Server> {
        let libraries = fs::read_dir(venv()?.join("lib")).unwrap();
        let home =
            libraries.map(|python| python.unwrap().path().join("site-packages/pyspark")).find(|home| home.is_dir());
        let home = home.expect("pyspark is not installed: tests/requirements.txt lists it");
        let mut command = Command::new(home.join("bin/spark-submit"));
        command.env("SPARK_HOME", &home).env("SPARK_LOCAL_IP", "127.0.0.1").env_remove("SPARK_REMOTE");
        command.args(["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "pfe-tests"]);
        command.args(["--master", "local[2]", "--driver-memory", "2g"]);
        Some(Server::start(command, |command, port| {
            for setting in [
                "spark.connect.grpc.binding.address=127.0.0.1",
                &format!("spark.connect.grpc.binding.port={port}"),
                "spark.driver.bindAddress=127.0.0.1",
                "spark.driver.host=127.0.0.1",
                "spark.ui.enabled=false",
                "spark.sql.shuffle.partitions=4",
            ] {
                command.args(["--conf", setting]);
            }
            command.arg("spark-internal");
        }))
    }

    fn start(mut command: Command, on: impl FnOnce(&mut Command, u16)) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        on(&mut command, port);
        let log = File::create(folder.path().join("log")).unwrap();
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let mut server = Server { child, url: format!("sc://127.0.0.1:{port}"), folder };
        for _ in 0..START {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{command:?} ended with {status}:\n{}", server.log());
            }
            sleep(Duration::from_millis(100));
        }
        panic!("{command:?} did not start:\n{}", server.log());
    }

    pub fn log(&self) -> String {
        read(&self.folder.path().join("log"))
    }

    /// A run on the data of a test, with the mart on this server.
    pub fn run(&self, work: &Workdir, out: &str) -> RunParams {
        RunParams {
            market: None,
            input: Input::Places(vec![work.path("data")]),
            reading: Default::default(),
            rates: Default::default(),
            out: work.path(out),
            lang: Lang::Fr,
            decisions: Default::default(),
            cover: Default::default(),
            templates: Default::default(),
            formats: Default::default(),
            monthly: false,
            how: How { engine: engine::open(&self.url).unwrap(), ..How::default() },
        }
    }

    /// Peak memory so far, MB.
    pub fn peak_memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// Sends a signal to the server.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }
}

pub fn signal(process: u32, name: &str) {
    let done = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap();
    assert!(done.success(), "kill -{name} {process}");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
