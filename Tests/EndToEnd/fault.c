// Loaded with LD_PRELOAD, makes system calls on the store's files go wrong, as variables say:
//
// FAULT_FDATASYNC, FAULT_PWRITE  one call fails with EIO: the next one after the file that is named
//                                has appeared. The file is removed then, and what comes later succeeds
// FAULT_INTERRUPT                every second fdatasync, pwrite and pread fails with EINTR
// FAULT_HANGUP                   the process gets a SIGHUP when it locks the store, as above
// FAULT_CLOCK                    the clock is wrong by as many seconds as the file holds
// FAULT_RANDOM                   libcrypto has no random bytes for as long as the file is there
// FAULT_SECRET_RANDOM            the same, but only of those that are to stay secret
// FAULT_TRACE                    the file gets a line for every directory that was made, and for
//                                everything that was synced
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int is_of_store(int fd) {
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/store/") != NULL;
}

static int strikes(const char *name, int fd) {
  const char *file = getenv(name);
  return file && is_of_store(fd) && unlink(file) == 0;
}

static int is_interrupted(int fd) {
  static __thread int count;
  if (!getenv("FAULT_INTERRUPT") || !is_of_store(fd) || ++count % 2) return 0;
  errno = EINTR;
  return 1;
}

static void trace(const char *call, const char *path) {
  const char *name = getenv("FAULT_TRACE");
  FILE *file = name ? fopen(name, "a") : NULL;
  if (!file) return;
  fprintf(file, "%s %s\n", call, path);
  fclose(file);
}

int mkdir(const char *path, mode_t mode) {
  int (*next)(const char *, mode_t) = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
  int result = next(path, mode);
  if (result == 0) trace("mkdir", path);
  return result;
}

int fsync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  int result = next(fd);
  if (result == 0) trace("fsync", path);
  return result;
}

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (is_interrupted(fd)) return -1;
  if (strikes("FAULT_FDATASYNC", fd)) {
    next(fd);
    errno = EIO;
    return -1;
  }
  return next(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  ssize_t (*next)(int, const void *, size_t, off_t) =
      (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  if (is_interrupted(fd)) return -1;
  if (strikes("FAULT_PWRITE", fd)) {
    errno = EIO;
    return -1;
  }
  return next(fd, bytes, count, offset);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset) {
  ssize_t (*next)(int, void *, size_t, off_t) =
      (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
  return is_interrupted(fd) ? -1 : next(fd, bytes, count, offset);
}

int flock(int fd, int operation) {
  int (*next)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
  if (strikes("FAULT_HANGUP", fd)) kill(getpid(), SIGHUP);
  return next(fd, operation);
}

static time_t offset(void) {
  const char *path = getenv("FAULT_CLOCK");
  FILE *file = path ? fopen(path, "r") : NULL;
  long seconds = 0;
  if (file) {
    if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
    fclose(file);
  }
  return seconds;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int (*next)(clockid_t, struct timespec *) =
      (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = next(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += offset();
  return result;
}

static int is_there(const char *name) {
  const char *file = getenv(name);
  return file && access(file, F_OK) == 0;
}

int RAND_bytes(unsigned char *bytes, int count) {
  int (*next)(unsigned char *, int) = (int (*)(unsigned char *, int))dlsym(RTLD_NEXT, "RAND_bytes");
  return is_there("FAULT_RANDOM") ? 0 : next(bytes, count);
}

int RAND_priv_bytes(unsigned char *bytes, int count) {
  int (*next)(unsigned char *, int) =
      (int (*)(unsigned char *, int))dlsym(RTLD_NEXT, "RAND_priv_bytes");
  int is_missing = is_there("FAULT_RANDOM") || is_there("FAULT_SECRET_RANDOM");
  return is_missing ? 0 : next(bytes, count);
}
