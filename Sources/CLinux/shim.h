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
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
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
extern int pidfd_open(pid_t process, unsigned flags);
extern int pipe2(int ends[2], int flags);
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

// Bytes that were written and that the peer's kernel has not confirmed. ioctl is variadic.
static inline int linux_unacknowledged(int descriptor, int *count) {
  return ioctl(descriptor, SIOCOUTQ, count);
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

// As far as a process may raise it itself.
static inline int linux_raise_descriptor_limit(unsigned long *limit) {
  struct rlimit descriptors;
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return -1;
  descriptors.rlim_cur = descriptors.rlim_max;
  *limit = descriptors.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Only the end to read from never waits: a program that prints expects its own to.
static inline int linux_pipe(int *ends) {
  int result = pipe2(ends, O_CLOEXEC);
  return result == 0 ? fcntl(ends[0], F_SETFL, O_NONBLOCK) : result;
}

// Starts a program with an empty standard input and `output` as its standard output, in a process
// group of its own, with no signal blocked or ignored. Answers 0 or why not.
static inline int linux_spawn(pid_t *process, int output, char *const words[], char *const environment[]) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int result = posix_spawn_file_actions_init(&actions);
  if (result != 0) return result;
  result = posix_spawnattr_init(&attributes);
  if (result == 0) {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    result = posix_spawn(process, words[0], &actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return result;
}
