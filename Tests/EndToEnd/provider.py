"""A provider whose every secret the test has chosen, and that repeats secrets where X would not."""

import contextlib
import http.server
import json
import threading
import urllib.parse


class Provider:
    """Answers as X does where it matters, but believes everything it is told."""

    def __init__(self, **secrets):
        self.secrets = secrets
        # What the next answers are instead, as (status, content type, body).
        self.failures = []
        self.seen = []

    def answer(self, target, headers, body):
        self.seen.append((target, dict(headers), body))
        path = urllib.parse.urlsplit(target).path
        if self.failures:
            return self.failures.pop(0)
        secrets = self.secrets
        form = "text/html; charset=utf-8"
        if path == "/oauth/request_token":
            return 200, form, urllib.parse.urlencode({
                "oauth_token": secrets["request_token"],
                "oauth_token_secret": secrets["request_token_secret"],
                "oauth_callback_confirmed": "true"})
        if path == "/oauth/access_token":
            return 200, form, urllib.parse.urlencode({
                "oauth_token": secrets["access_token"],
                "oauth_token_secret": secrets["access_token_secret"],
                "user_id": "77", "screen_name": "planted"})
        if path.endswith("/invalidate_token.json"):
            return 200, "application/json", json.dumps({"access_token": secrets["access_token"]})
        user = {"id": 77, "id_str": "77", "screen_name": "planted", "name": "Planted"}
        return 200, "application/json", json.dumps(user)

    @contextlib.contextmanager
    def serving(self):
        """Serves on a port of the kernel's choice; yields the URL."""
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, kind, text = provider.answer(self.path, self.headers, body.decode())
                data = text.encode()
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.send_header("x-access-level", "read-write")
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = respond

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
