// Makes one fdatasync or one pwrite of the store's files fail with EIO: the next one after the file
// that FAULT_FDATASYNC or FAULT_PWRITE names has appeared. The file is removed then, so that what
// comes later succeeds. Loaded with LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
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
  if (strikes("FAULT_PWRITE", fd)) {
    errno = EIO;
    return -1;
  }
  return next(fd, bytes, count, offset);
}
