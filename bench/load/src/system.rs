//! epoll, CPU time, the descriptor limit and the processor: the only unsafe code here.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

/// A level-triggered epoll instance. A descriptor leaves it by being closed.
pub struct Epoll {
    descriptor: OwnedFd,
    events: Vec<libc::epoll_event>,
    spins: bool,
}

/// One ready descriptor. Hang-ups and errors count as readable: the read
/// reports them.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    pub token: usize,
    pub readable: bool,
    pub writable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Read,
    ReadWrite,
}

impl Interest {
    fn bits(self) -> u32 {
        (match self {
            Self::Read => libc::EPOLLIN,
            Self::ReadWrite => libc::EPOLLIN | libc::EPOLLOUT,
        }) as u32
    }
}

impl Epoll {
    /// Events taken per wait.
    const BATCH: usize = 1024;

    pub fn new() -> io::Result<Self> {
        Self::spinning(false)
    }

    /// One that does not sleep while it waits, if `spins`: nobody has to wake its processor.
    pub fn spinning(spins: bool) -> io::Result<Self> {
        // SAFETY: takes no pointer; the result is checked.
        let descriptor = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Self {
            // SAFETY: the kernel has just given us this descriptor, nobody else owns it.
            descriptor: unsafe { OwnedFd::from_raw_fd(descriptor) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; Self::BATCH],
            spins,
        })
    }

    pub fn add(&self, socket: BorrowedFd<'_>, token: usize, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, socket, token, interest)
    }

    pub fn modify(
        &self,
        socket: BorrowedFd<'_>,
        token: usize,
        interest: Interest,
    ) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, socket, token, interest)
    }

    /// Waits until something is ready; returns how many, 0 after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<usize> {
        if !self.spins {
            return self.poll(timeout);
        }
        let start = Instant::now();
        loop {
            let count = self.poll(Duration::ZERO)?;
            if count > 0 || start.elapsed() >= timeout {
                return Ok(count);
            }
            // Where there is but one processor the server needs it.
            thread::yield_now();
        }
    }

    fn poll(&mut self, timeout: Duration) -> io::Result<usize> {
        loop {
            // SAFETY: the pointer and the count describe `self.events`, which
            // is borrowed mutably for the call.
            let count = check(unsafe {
                libc::epoll_wait(
                    self.descriptor.as_raw_fd(),
                    self.events.as_mut_ptr(),
                    self.events.len() as i32,
                    timeout.as_millis() as i32,
                )
            });
            match count {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                count => return Ok(count? as usize),
            }
        }
    }

    /// Event number `index` of the last wait.
    #[inline]
    pub fn ready(&self, index: usize) -> Ready {
        let event = self.events[index];
        let bits = event.events;
        Ready {
            token: event.u64 as usize,
            readable: bits & !(libc::EPOLLOUT as u32) != 0,
            writable: bits & libc::EPOLLOUT as u32 != 0,
        }
    }

    fn control(
        &self,
        operation: i32,
        socket: BorrowedFd<'_>,
        token: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: interest.bits(),
            u64: token as u64,
        };
        // SAFETY: `event` lives through the call, which copies it; both
        // descriptors are open as their owners are borrowed.
        check(unsafe {
            libc::epoll_ctl(
                self.descriptor.as_raw_fd(),
                operation,
                socket.as_raw_fd(),
                &mut event,
            )
        })?;
        Ok(())
    }
}

/// User and system time that this process has used.
pub fn cpu_time() -> io::Result<Duration> {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for a write of an `rusage`.
    check(unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has filled the structure.
    let usage = unsafe { usage.assume_init() };
    let duration =
        |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    Ok(duration(usage.ru_utime) + duration(usage.ru_stime))
}

/// Keeps this process on the last processor that it may run on, if there are others.
pub fn pin() -> io::Result<()> {
    const LEN: usize = size_of::<libc::cpu_set_t>();
    // SAFETY: a `cpu_set_t` is bits, for which zero is a value.
    let mut allowed = unsafe { std::mem::zeroed::<libc::cpu_set_t>() };
    // SAFETY: the pointer and the length describe `allowed`.
    check(unsafe { libc::sched_getaffinity(0, LEN, &mut allowed) })?;
    // SAFETY: no bit is beyond the set.
    let is_allowed = |cpu: &usize| unsafe { libc::CPU_ISSET(*cpu, &allowed) };
    let cpus: Vec<usize> = (0..LEN * 8).filter(is_allowed).collect();
    let [_, .., last] = cpus[..] else {
        return Ok(());
    };
    // SAFETY: as above.
    let mut only = unsafe { std::mem::zeroed::<libc::cpu_set_t>() };
    // SAFETY: the bit was found in a set of the same length.
    unsafe { libc::CPU_SET(last, &mut only) };
    // SAFETY: the pointer and the length describe `only`.
    check(unsafe { libc::sched_setaffinity(0, LEN, &only) })?;
    Ok(())
}

/// Allows as many descriptors as this process may allow itself.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is valid for a write of an `rlimit`.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the pointer is valid for a read of an `rlimit`.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?;
    Ok(())
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
