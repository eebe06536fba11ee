"""What linkd writes to X, byte by byte (T112), and where it listens (T129)."""

import os
import pathlib
import re
import socketserver
import threading
import urllib.parse

import grpc
import pytest
from conftest import CALLBACK, Linkd, complete_request, details_of, start_request

KEYS = ("consumerkey0001", "consumersecret0002")
# Header lines that linkd has a reason to send.
EXPECTED = {"host", "authorization", "content-type", "content-length", "user-agent", "accept"}
# What would begin a header, a request or a line of its own if it were taken as it is.
INJECTIONS = [
    "a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\r\n\r\nGET /evil HTTP/1.1", "a\0X-Evil",
    "a\u2028X-Evil: 1", "a\u0085X-Evil: 1", "\r\nHost: evil.example", "a\tb", "a b", "ä",
    "A" * 65536,
]
# What may stand there, and must not be more than a value on the wire.
LEGAL = ['a"b', "a,b", "a%0d%0aX-Evil:%201", "a&oauth_token=b", "a=b;c", "a\\b", "%", "+"]


class RawX:
    """Answers as X does and keeps every byte that it was sent."""

    def __init__(self):
        self.requests = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while (head := self._head()) is not None:
                    length = re.search(rb"(?i)\r\ncontent-length: (\d+)\r\n", head)
                    body = self.rfile.read(int(length.group(1))) if length else b""
                    outer.requests.append((head, body))
                    text = outer.answer(head.split(b" ")[1].decode())
                    self.wfile.write(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))

            def _head(self):
                lines = []
                for line in self.rfile:
                    lines.append(line)
                    if line in (b"\r\n", b"\n"):
                        return b"".join(lines)
                return None

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @staticmethod
    def answer(target):
        return {
            "/oauth/request_token":
                b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true",
            "/oauth/access_token":
                b"oauth_token=77-a&oauth_token_secret=b&user_id=77&screen_name=zoe",
            "/2/oauth2/token": b'{"token_type":"bearer","access_token":"x","expires_in":7200}',
        }.get(target, b'{"data":{"id":"77","username":"zoe"}}')

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def check(self):
        """Every request is one request: one line, one of each header, nothing of ours in them."""
        for head, body in self.requests:
            lines = head.split(b"\r\n")
            assert re.fullmatch(rb"(GET|POST) /[!-~]* HTTP/1\.1", lines[0]), head
            assert lines[-2:] == [b"", b""] and b"\n" not in head.replace(b"\r\n", b""), head
            names = [line.split(b":")[0].decode().lower() for line in lines[1:-2]]
            assert len(set(names)) == len(names) and set(names) <= EXPECTED, head
            assert head.isascii() and b"evil" not in head.replace(b"X-Evil%3A", b"").lower(), head
            assert f"Host: {self.url[7:]}".encode() in lines, head
            assert re.fullmatch(rb"[!-~]*", body), body
        return len(self.requests)


@pytest.fixture
def x():
    x = RawX()
    yield x
    x.stop()


@pytest.fixture
def linkd(processes, tmp_path, x):
    return Linkd(processes, tmp_path, x.url)


def refused(linkd, method, request):
    try:
        linkd.call(method, request)
        return None
    except grpc.RpcError as error:
        return details_of(error)["ErrorInfo"].reason


def requests(value):
    """A call for each field that goes out to X, with this value in it."""
    from link.v1 import link_service_pb2 as schema, provider_pb2

    two = {"link_method": provider_pb2.LINK_METHOD_OAUTH2}
    yield "key", "StartLink", start_request((value, KEYS[1]))
    yield "secret", "StartLink", start_request((KEYS[0], value))
    yield "callback", "StartLink", start_request(
        KEYS, callback_url=f"https://app.example/{value}")
    yield "screen_name", "StartLink", start_request(KEYS, screen_name=value)
    yield "callback of 2", "StartLink", start_request(
        KEYS, callback_url=f"https://app.example/{value}", **two)
    yield "scope", "StartLink", start_request(
        KEYS, scopes=["tweet.read", "users.read", value], **two)
    yield "validated key", "ValidateKeys", schema.ValidateKeysRequest(
        provider=provider_pb2.PROVIDER_X, callback_url=f"https://app.example/{value}",
        keys=provider_pb2.ConsumerKeys(consumer_key=value, consumer_secret=value))


def completions(linkd, value):
    """A completion for each way in which something of the browser goes out to X."""
    from link.v1 import link_service_pb2 as schema, provider_pb2

    started = linkd.call("StartLink", start_request(KEYS))
    request = complete_request(started, f"{CALLBACK}?oauth_token=t&oauth_verifier=v")
    request.grant.oauth_verifier = value
    yield "verifier", request
    pin = linkd.call("StartLink", start_request(KEYS, pin={}))
    yield "pin", schema.CompleteLinkRequest(
        parent="profiles/ann", link_secret=pin.link_secret, pin=value)
    two = linkd.call("StartLink", start_request(
        KEYS, link_method=provider_pb2.LINK_METHOD_OAUTH2))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(two.authorize_url).query))
    yield "code", schema.CompleteLinkRequest(
        parent="profiles/ann", link_secret=two.link_secret,
        code_grant=schema.CodeGrant(state=query["state"], code=value))


def test_T112_nothing_that_could_be_a_header_reaches_the_wire(linkd, x):
    for value in INJECTIONS:
        for field, method, request in requests(value):
            assert refused(linkd, method, request) == "INVALID_REQUEST", (field, value[:40])
        assert not x.requests, "refused before X is asked"
        for field, request in completions(linkd, value):
            before = len(x.requests)
            assert refused(linkd, "CompleteLink", request) == "INVALID_REQUEST", (field, value[:40])
            assert len(x.requests) == before
        x.check()
        x.requests.clear()


def test_T112_what_is_legal_is_a_value_and_nothing_more(linkd, x):
    for value in LEGAL:
        for field, method, request in requests(value):
            assert refused(linkd, method, request) is None, (field, value)
        for field, request in completions(linkd, value):
            assert refused(linkd, "CompleteLink", request) is None, (field, value)
        quoted = urllib.parse.quote(value, safe="")
        assert any(f'oauth_verifier="{quoted}"'.encode() in head for head, _ in x.requests)
        assert any(f"code={quoted}&".encode() in body for _, body in x.requests)
        assert x.check() >= 6
        x.requests.clear()


def listening(pid):
    """The addresses on which a process listens, as the kernel has them."""
    inodes = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_T129_linkd_listens_where_it_was_told_and_nowhere_else(linkd):
    # No port for administration or for looking inside: administering is a scope of a token, on the
    # one port that there is.
    port = int(linkd.address.rsplit(":", 1)[1])
    assert listening(linkd.process.pid) == {("0100007F", port)}


def test_T129_metrics_have_a_port_of_this_machine_only_if_one_is_asked_for(
        processes, tmp_path, fakex):
    linkd = Linkd(processes, tmp_path, fakex.url, "--metrics", "127.0.0.1:0")
    metrics = linkd.process.wait_for("metrics on ")
    assert listening(linkd.process.pid) == {
        ("0100007F", int(address.rsplit(":", 1)[1])) for address in (linkd.address, metrics)}
