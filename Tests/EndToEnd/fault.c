// Makes one fdatasync or one large pwrite of a process fail with EIO: the next one after the file
// that FAULT_FDATASYNC or FAULT_PWRITE names has appeared. The file is removed then, so that what
// comes later succeeds. Loaded with LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int strikes(const char *name) {
  const char *file = getenv(name);
  return file && unlink(file) == 0;
}

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (strikes("FAULT_FDATASYNC")) {
    next(fd);
    errno = EIO;
    return -1;
  }
  return next(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  ssize_t (*next)(int, const void *, size_t, off_t) =
      (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  if (strikes("FAULT_PWRITE")) {
    errno = EIO;
    return -1;
  }
  return next(fd, bytes, count, offset);
}
