// Outgoing HTTPS through libcurl's multi interface on an event loop.
