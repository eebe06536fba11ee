// System calls and constants that Swift's Glibc module leaves out or cannot import.
//
// Not compiled with _GNU_SOURCE: Glibc is not either, and the two would disagree about the layout
// of fd_set and so could not be imported together. What only _GNU_SOURCE shows is declared below.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern const char *strerrordesc_np(int code);
extern const char *strerrorname_np(int code);

// prctl is variadic, which Swift cannot call.
static inline int linux_forbid_dumping(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// The structure of SO_PEERCRED is one of those that only _GNU_SOURCE shows.
static inline int linux_peer_credentials(int descriptor, int *process, unsigned *user, unsigned *group) {
  struct { int process; unsigned user; unsigned group; } credentials;
  socklen_t length = sizeof credentials;
  const int result = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  *process = credentials.process;
  *user = credentials.user;
  *group = credentials.group;
  return result;
}

// fcntl is variadic.
static inline int linux_set_close_on_exec(int descriptor) {
  return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}
static inline int linux_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }
static inline int linux_set_nonblocking(int descriptor) {
  return fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

// RLIMIT_CORE is an enumerator of a type that depends on the headers' mode.
static inline int linux_forbid_core_files(void) {
  const struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_CORE, &none);
}
