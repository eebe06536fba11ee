// Turns descriptors into Swift source.
