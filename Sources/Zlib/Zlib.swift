// gzip and deflate streams with an output limit; CRC-32.
