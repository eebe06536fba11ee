// Two halves: the cryptography of `Crypto/`, and TLS as a byte machine.
