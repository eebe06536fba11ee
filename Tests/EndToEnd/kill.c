// Kills the process with SIGKILL right before one of its durable steps: a pwrite or an fdatasync of
// a file of the store or of the audit log. The file that KILL_AT names says before which of them,
// counted from the moment at which the file is there. Each step that is taken is added, by its name,
// to the file KILL_AT.steps. Loaded with LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int steps;

// "store" or "audit", or NULL for a file that nothing durable is in.
static const char *place_of(int fd) {
  char link[32], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  if (strstr(path, "/store/")) return "store";
  return strstr(path, "/audit.log") ? "audit" : NULL;
}

static void step(const char *name, int fd) {
  const char *file = getenv("KILL_AT"), *place = place_of(fd);
  char text[16] = "", notes[PATH_MAX], line[64];
  if (!file || !place) return;
  int order = open(file, O_RDONLY | O_CLOEXEC);
  if (order < 0) return;
  if (read(order, text, sizeof text - 1) < 0) abort();
  close(order);
  if (atomic_fetch_add(&steps, 1) + 1 == atoi(text)) kill(getpid(), SIGKILL);
  snprintf(notes, sizeof notes, "%s.steps", file);
  int out = open(notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int count = snprintf(line, sizeof line, "%s %s\n", place, name);
  if (out < 0 || write(out, line, count) != count) abort();
  close(out);
}

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  step("fdatasync", fd);
  return next(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  ssize_t (*next)(int, const void *, size_t, off_t) =
      (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  step("pwrite", fd);
  return next(fd, bytes, count, offset);
}
