// Digests, MACs, AEAD, key derivation, randomness, secret bytes; TLS as a byte machine.
