// Generated from Protos/link/v1.
