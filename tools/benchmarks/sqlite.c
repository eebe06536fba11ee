// The peer of the store: SQLite with write-ahead log and synchronous=FULL, one transaction per commit.
//
// usage: sqlite FILE WRITERS SECONDS    prints commits per second and latencies, as store-bench does
//
// Every writer has a connection of its own. They take turns by a mutex, which is faster for SQLite
// than its own waiting for the lock.
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_LENGTH = 40, VALUE_LENGTH = 300, MOST_SAMPLES = 1 << 20 };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *path;
static double start, seconds;
static double samples[MOST_SAMPLES];
static int count;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void check(sqlite3 *db, int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static sqlite3 *connect_to(const char *sql) {
  sqlite3 *db;
  check(NULL, sqlite3_open(path, &db) == SQLITE_OK, "open");
  sqlite3_busy_timeout(db, 10000);
  check(db, sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", 0, 0, 0) == SQLITE_OK,
        "pragma");
  if (sql) check(db, sqlite3_exec(db, sql, 0, 0, 0) == SQLITE_OK, sql);
  return db;
}

static void *writer(void *argument) {
  pthread_mutex_lock(&turn);
  sqlite3 *db = connect_to(NULL);
  sqlite3_stmt *put;
  check(db, sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO entries VALUES (?, ?)", -1, &put, 0) == SQLITE_OK,
        "prepare");
  pthread_mutex_unlock(&turn);
  char key[KEY_LENGTH + 1], value[VALUE_LENGTH];
  memset(value, 'v', sizeof value);
  for (int step = 0;; step++) {
    double begin = now();
    if (begin - start > seconds) break;
    snprintf(key, sizeof key, "account/%08ld/%023d", (long)argument, step);
    pthread_mutex_lock(&turn);
    sqlite3_bind_blob(put, 1, key, KEY_LENGTH, SQLITE_STATIC);
    sqlite3_bind_blob(put, 2, value, VALUE_LENGTH, SQLITE_STATIC);
    check(db, sqlite3_step(put) == SQLITE_DONE, "step");
    sqlite3_reset(put);
    if (count < MOST_SAMPLES) samples[count++] = now() - begin;
    pthread_mutex_unlock(&turn);
  }
  sqlite3_finalize(put);
  sqlite3_close(db);
  return NULL;
}

static int compare(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return d < 0 ? -1 : d > 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  path = argv[1];
  int writers = atoi(argv[2]);
  seconds = atof(argv[3]);
  pthread_t threads[1024];
  if (writers < 1 || writers > 1024) return 64;
  sqlite3 *db = connect_to("CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
  start = now();
  for (long i = 0; i < writers; i++) pthread_create(&threads[i], NULL, writer, (void *)i);
  for (int i = 0; i < writers; i++) pthread_join(threads[i], NULL);
  double elapsed = now() - start;
  sqlite3_close(db);
  if (!count) return 1;
  qsort(samples, count, sizeof samples[0], compare);
  printf("%.0f %.2f %.2f %.2f\n", count / elapsed, samples[count / 2] * 1e3,
         samples[(int)(count * 0.99)] * 1e3, samples[count - 1] * 1e3);
}
