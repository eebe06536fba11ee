// Named values in an encrypted, append-only, crash-safe log.
