// Kills the process with SIGKILL right before one of its durable steps: a pwrite or an fdatasync of
// a file of the store or of the audit log. The file that KILL_AT names says before which of them,
// counted from the moment at which the file is there; with a minus, right after it. Each step that
// is taken is added, by its name, to the file KILL_AT.steps. Loaded with LD_PRELOAD.
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

// What the file KILL_AT says; 0 if it is not there.
static int order(void) {
  char text[16] = "";
  const char *name = getenv("KILL_AT");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  if (read(file, text, sizeof text - 1) < 0) abort();
  close(file);
  return atoi(text);
}

static void note(const char *place, const char *name) {
  char notes[PATH_MAX], line[64];
  snprintf(notes, sizeof notes, "%s.steps", getenv("KILL_AT"));
  int out = open(notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int count = snprintf(line, sizeof line, "%s %s\n", place, name);
  if (out < 0 || write(out, line, count) != count) abort();
  close(out);
}

// Dies before the step if it is its turn; the step's number, 0 if it is none.
static int before(const char *name, int fd) {
  const char *place = place_of(fd);
  if (!place) return 0;
  int at = order();
  if (!at) {
    atomic_store(&steps, 0);
    return 0;
  }
  int number = atomic_fetch_add(&steps, 1) + 1;
  if (number == at) kill(getpid(), SIGKILL);
  note(place, name);
  return number;
}

static void after(int number) {
  if (number && number == -order()) kill(getpid(), SIGKILL);
}

int fdatasync(int fd) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int number = before("fdatasync", fd), result = next(fd);
  after(number);
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  ssize_t (*next)(int, const void *, size_t, off_t) =
      (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  int number = before("pwrite", fd);
  ssize_t result = next(fd, bytes, count, offset);
  after(number);
  return result;
}
