// Carries RPC over Net.
