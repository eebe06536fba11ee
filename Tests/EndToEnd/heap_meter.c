// Preloaded into a program, measures how much of the heap is taken between two calls that it makes.
//
// Counts what the allocator gives, its rounding and header included. The names behind __libc_ are how
// glibc lets its own functions be replaced.
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static _Atomic long taken, peak;

static long size_of(void *memory) { return memory ? (long)(malloc_usable_size(memory) + 8) : 0; }

static void *took(void *memory) {
  long now = atomic_fetch_add(&taken, size_of(memory)) + size_of(memory);
  for (long last = peak; now > last && !atomic_compare_exchange_weak(&peak, &last, now);) {}
  return memory;
}

void *malloc(size_t size) { return took(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return took(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return took(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory || !size ? 0 : ENOMEM;
}

void *realloc(void *old, size_t size) {
  long before = size_of(old);
  void *memory = __libc_realloc(old, size);
  if (memory || !size) atomic_fetch_sub(&taken, before);
  return took(memory);
}

void free(void *memory) {
  atomic_fetch_sub(&taken, size_of(memory));
  __libc_free(memory);
}

// Begins to measure.
void heap_meter_begin(void) { taken = 0, peak = 0; }

// The most that was taken at a time since then.
long heap_meter_end(void) { return peak; }
