//! What the servers have in common: one thread, as those of JavaScript have, a port of their own
//! on 127.0.0.1, and the runner's language, see `bench/servers/control.js`.

use std::future::Future;
use std::io::{self, BufRead};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

/// Serves each connection by a task of its own, until standard input ends.
///
/// # Panics
///
/// If the machine has no port, or no descriptor left.
pub fn run<F: Future<Output = ()> + 'static>(serve: impl Fn(TcpStream) -> F) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        println!(
            r#"{{"port":{},"version":null,"pid":{}}}"#,
            listener.local_addr().expect("an address").port(),
            std::process::id()
        );
        std::thread::spawn(answer);
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("an open socket");
            spawn_local(serve(stream));
        }
    });
}

/// Answers the runner's questions, and ends with its standard input.
fn answer() {
    for line in io::stdin().lock().lines() {
        let rss = resident();
        match line.as_deref() {
            Ok("cpu") => {
                let [user, system] = cpu_micros();
                println!(r#"{{"cpu":{{"user":{user},"system":{system}}},"rss":{rss}}}"#);
            }
            // All of it is native.
            Ok("memory") => println!(
                r#"{{"memory":{{"rss":{rss},"heapUsed":0,"external":0,"heapResident":0}}}}"#
            ),
            _ => break,
        }
    }
    std::process::exit(0);
}

/// Resident memory of this process, in bytes; 0 if the system does not say.
fn resident() -> usize {
    const PAGE: usize = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages
        .split(' ')
        .nth(1)
        .and_then(|count| count.parse::<usize>().ok())
        .map_or(0, |count| count * PAGE)
}

/// User and system time of this process, in microseconds.
fn cpu_micros() -> [i64; 2] {
    // SAFETY: `rusage` is plain numbers, for which zero is a value, and the call fills it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime].map(|time| time.tv_sec * 1_000_000 + time.tv_usec)
}
