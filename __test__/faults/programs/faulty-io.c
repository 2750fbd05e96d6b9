// To be preloaded: what the operating system says to writes and reads of TCP sockets, when it is not well.
//
// FAULTY_WRITES and FAULTY_READS are lists of what calls in turn meet, over and over: `-` for nothing, the name
// of an error, or a number: of bytes that a write takes at most. FAULTY_AFTER calls are spared.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

static const struct {
  const char *name;
  int number;
} ERRORS[] = {{"EINTR", EINTR},         {"ENOBUFS", ENOBUFS},
              {"EPIPE", EPIPE},         {"ECONNRESET", ECONNRESET},
              {"ETIMEDOUT", ETIMEDOUT}, {"ENOMEM", ENOMEM}};

static int is_tcp(int fd) {
  int domain = 0, listens = 1;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length)) return 0;
  getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
  return !listens && (domain == AF_INET || domain == AF_INET6);
}

/// What call number `count` meets: an error, minus a number of bytes, or 0.
static long fate(const char *variable, unsigned long *count) {
  const char *list = getenv(variable), *after = getenv("FAULTY_AFTER");
  if (!list) return 0;
  unsigned long index = __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
  unsigned long spared = after ? strtoul(after, NULL, 10) : 0;
  if (index < spared) return 0;
  index -= spared;

  unsigned long items = 1;
  for (const char *at = list; *at; at++) items += *at == ',';
  for (index %= items; index > 0; index--) list = strchr(list, ',') + 1;

  for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
    size_t length = strlen(ERRORS[i].name);
    if (!strncmp(list, ERRORS[i].name, length)) return ERRORS[i].number;
  }
  return -strtol(list, NULL, 10);
}

static unsigned long writes, reads;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/// Fails in the name of the system, or goes on with a `fault` that is a limit or nothing.
#define MEET(variable, count)                        \
  int before = errno;                                \
  long fault = is_tcp(fd) ? fate(variable, &count) : 0; \
  errno = before;                                    \
  if (fault > 0) {                                   \
    errno = (int)fault;                              \
    return -1;                                       \
  }

static size_t limited(size_t length, long fault) {
  return fault < 0 && length > (size_t)-fault ? (size_t)-fault : length;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  MEET("FAULTY_WRITES", writes)
  return REAL(write)(fd, bytes, limited(length, fault));
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  MEET("FAULTY_WRITES", writes)
  return REAL(send)(fd, bytes, limited(length, fault), flags);
}

/// The first piece that is not empty, cut.
static struct iovec first_of(const struct iovec *pieces, size_t count, long fault) {
  while (count > 1 && pieces->iov_len == 0) pieces++, count--;
  struct iovec first = *pieces;
  first.iov_len = limited(first.iov_len, fault);
  return first;
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  MEET("FAULTY_WRITES", writes)
  if (!fault || count < 1) return REAL(writev)(fd, pieces, count);
  struct iovec first = first_of(pieces, (size_t)count, fault);
  return REAL(writev)(fd, &first, 1);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  MEET("FAULTY_WRITES", writes)
  if (!fault || message->msg_iovlen < 1) return REAL(sendmsg)(fd, message, flags);
  struct iovec first = first_of(message->msg_iov, message->msg_iovlen, fault);
  struct msghdr cut = *message;
  cut.msg_iov = &first;
  cut.msg_iovlen = 1;
  return REAL(sendmsg)(fd, &cut, flags);
}

ssize_t read(int fd, void *bytes, size_t length) {
  MEET("FAULTY_READS", reads)
  return REAL(read)(fd, bytes, length);
}

ssize_t recv(int fd, void *bytes, size_t length, int flags) {
  MEET("FAULTY_READS", reads)
  return REAL(recv)(fd, bytes, length, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  MEET("FAULTY_READS", reads)
  return REAL(recvmsg)(fd, message, flags);
}
