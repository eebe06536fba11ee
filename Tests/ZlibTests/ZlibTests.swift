// Tests of Zlib.
