//! Real brokers, on free ports of this machine.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use crate::{keeper, wait};

/// A broker starts in 3 s on an idle machine, three in 9 s.
const START: Duration = Duration::from_secs(120);

/// Who may log in at the listeners that ask for it.
pub const USER: &str = "newswire";
/// The right password of [`USER`].
pub const PASSWORD: &str = "open-sesame";

/// Brokers that form a cluster; each is a controller too.
pub struct Cluster {
    nodes: Vec<Mutex<Node>>,
}

struct Node {
    folder: PathBuf,
    ports: Ports,
    process: Option<Child>,
}

#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    login: u16,
    controller: u16,
}

/// The one broker that the tests share; started by the first that asks.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(1))
}

/// A port that nobody listens on. It lies below the range that outgoing connections are given
/// (32768 and up on Linux), so that none of the run's own connections takes it in the meantime.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two runs that begin at once have neighbouring numbers: a prime between them keeps their ports apart.
    let start = (std::process::id().wrapping_mul(1_009) % 10_000) as u16;
    for _ in 0..10_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 20000 and 29999");
}

impl Cluster {
    /// Starts `size` brokers on fresh data, and waits until they take connections.
    pub fn start(size: usize) -> Self {
        let ports: Vec<_> =
            (0..size).map(|_| Ports { plain: free_port(), login: free_port(), controller: free_port() }).collect();
        Self::start_on(&ports)
    }

    /// One broker that listens on `port`.
    pub fn start_one_on(port: u16) -> Self {
        Self::start_on(&[Ports { plain: port, login: free_port(), controller: free_port() }])
    }

    fn start_on(ports: &[Ports]) -> Self {
        let id = java(["kafka.tools.StorageTool", "random-uuid"]).stderr(Stdio::null()).output().expect("java");
        let id = String::from_utf8(id.stdout).unwrap().trim().to_owned();
        let nodes: Vec<_> = ports.iter().enumerate().map(|(index, own)| Node::new(index, *own, ports, &id)).collect();
        let cluster = Self { nodes: nodes.into_iter().map(Mutex::new).collect() };
        for index in 0..ports.len() {
            cluster.run(index);
        }
        for index in 0..ports.len() {
            cluster.wait_for(index);
        }
        cluster
    }

    /// How many brokers there are.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The processes of its brokers that run.
    pub fn processes(&self) -> Vec<u32> {
        self.nodes.iter().filter_map(|node| node.lock().unwrap().process.as_ref().map(Child::id)).collect()
    }

    /// Where clients may start from.
    pub fn bootstrap(&self) -> String {
        self.addresses(|ports| ports.plain)
    }

    /// The same for clients that log in (SASL/PLAIN without TLS).
    pub fn bootstrap_with_login(&self) -> String {
        self.addresses(|ports| ports.login)
    }

    fn addresses(&self, port: impl Fn(&Ports) -> u16) -> String {
        let addresses: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", port(&node.lock().unwrap().ports))).collect();
        addresses.join(",")
    }

    /// Kills a broker with -9; its data stays.
    pub fn kill(&self, index: usize) {
        self.nodes[index].lock().unwrap().kill();
    }

    /// Starts a killed broker on its old data, and waits until it takes connections.
    pub fn restart(&self, index: usize) {
        self.run(index);
        self.wait_for(index);
    }

    fn run(&self, index: usize) {
        self.nodes[index].lock().unwrap().run();
    }

    fn wait_for(&self, index: usize) {
        let mut node = self.nodes[index].lock().unwrap();
        let log = node.folder.join("log");
        wait::until(&format!("broker {index}"), START, || {
            if let Some(status) = node.process.as_mut().and_then(|process| process.try_wait().unwrap()) {
                panic!("broker {index} ended with {status}: {}", fs::read_to_string(&log).unwrap_or_default());
            }
            TcpStream::connect((Ipv4Addr::LOCALHOST, node.ports.plain)).ok()
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).kill();
        }
    }
}

impl Node {
    fn new(index: usize, own: Ports, all: &[Ports], cluster_id: &str) -> Self {
        let folder = keeper::folder("kafka");
        let settings = folder.join("server.properties");
        fs::write(&settings, properties(index, own, all, &folder.join("data"))).unwrap();
        let format =
            java(["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c"]).arg(&settings).output().expect("java");
        assert!(format.status.success(), "format: {}", String::from_utf8_lossy(&format.stderr));
        Self { folder, ports: own, process: None }
    }

    fn run(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let process = java(["kafka.Kafka"])
            .arg(self.folder.join("server.properties"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("java");
        keeper::started(process.id());
        self.process = Some(process);
    }

    fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _ = process.kill();
        let _ = process.wait();
        keeper::ended(process.id());
    }
}

/// `java` with Kafka's classes and the smallest footprint that serves.
fn java<const N: usize>(arguments: [&str; N]) -> Command {
    let libs = Path::new(env!("CARGO_MANIFEST_DIR")).join(".kafka/libs");
    assert!(libs.is_dir(), "no Kafka in {}: run `make kafka`, or all tests with `make test`", libs.display());
    let mut command = Command::new("java");
    command.args(["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
    command.arg(libs.join("*")).args(arguments);
    command
}

fn properties(index: usize, own: Ports, all: &[Ports], data: &Path) -> String {
    let voters: Vec<_> =
        all.iter().enumerate().map(|(i, ports)| format!("{}@127.0.0.1:{}", i + 1, ports.controller)).collect();
    let voters = voters.join(",");
    let id = index + 1;
    let Ports { plain, login, controller } = own;
    let (replicas, in_sync) = if all.len() >= 3 { (3, 2) } else { (1, 1) };
    let data = data.display();
    format!(
        r#"process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{login},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{login}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
log.dirs={data}
# A topic that nobody created is a mistake that must show.
auto.create.topics.enable=false
# Messages of 2 MB must reach the worker.
message.max.bytes=10485760
replica.fetch.max.bytes=10485760
# Groups form at once, and internal topics are small.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor={replicas}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
default.replication.factor={replicas}
min.insync.replicas={in_sync}
# A killed broker is noticed soon.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304
"#
    )
}
