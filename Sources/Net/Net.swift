// Event loops, listeners, dialers, TLS and HTTP/2 connections over epoll.
