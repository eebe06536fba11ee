#pragma once
#include <zlib.h>

// The init functions are macros, which Swift cannot see.

static inline int shim_deflateInit2(z_streamp stream, int level, int windowBits) {
  return deflateInit2(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY);
}

static inline int shim_inflateInit2(z_streamp stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}
