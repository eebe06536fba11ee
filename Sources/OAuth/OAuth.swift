// OAuth 1.0a (RFC 5849): signatures and flows, no I/O.
