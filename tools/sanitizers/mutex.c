// Shows ThreadSanitizer the mutexes of Swift.
//
// Synchronization.Mutex takes and gives a free lock in code that is compiled into ours, which the
// sanitizer sees. A lock that somebody waits for is taken and given by two functions of the runtime,
// which is not compiled with the sanitizer: without this file it takes whatever one thread wrote
// before, and another read after, for a race. These two stand in front of the runtime's and say what
// they do; that they hide no race shows one that has no lock, which is still found.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *);
void __tsan_release(void *);

SWIFT void lock(uint32_t thread, SELF void *self) __asm__(LOCK);
SWIFT void unlock(SELF void *self) __asm__(UNLOCK);

SWIFT void lock(uint32_t thread, SELF void *self) {
  SWIFT void (*runtime)(uint32_t, SELF void *) = dlsym(RTLD_NEXT, LOCK);
  runtime(thread, self);
  __tsan_acquire(self);
}

SWIFT void unlock(SELF void *self) {
  SWIFT void (*runtime)(SELF void *) = dlsym(RTLD_NEXT, UNLOCK);
  __tsan_release(self);
  runtime(self);
}
