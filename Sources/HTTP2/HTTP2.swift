// One HTTP/2 connection as a byte machine over nghttp2.
