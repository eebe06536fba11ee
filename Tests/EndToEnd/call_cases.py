"""The cases that every implementation of gRPC, gRPC-Web and Connect has to answer alike.

Rewritten from the suites of connectrpc/conformance as one table: what is called, what the server
is told to answer (a testing.calls.Script), and where the outcome is not just that, what it is.
"""

from dataclasses import dataclass, field

CODES = (
    "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
    "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
    "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated")
DATA = b"test response"
SENT = {"x-test-sent": ["Value1", "Value2"]}
HEADERS, TRAILERS = {"x-custom-header": ["foo"]}, {"x-custom-trailer": ["bing"]}
MORE_HEADERS = {"x-custom-header": ["foo", "bar", "baz"]}
MORE_TRAILERS = {"x-custom-trailer": ["bing", "quux"]}
# What the server that these cases are run against reads, in bytes.
LIMIT = 65_536


@dataclass
class Case:
    """One call."""

    name: str
    kind: str  # Unary, Read, ClientStream, ServerStream, Bidi, Unimplemented
    # The fields of the first request, which says what is answered, and those of the others.
    script: dict = field(default_factory=dict)
    more: tuple = ()
    # How many requests are sent; none where a stream ends at once.
    requests: int = 1
    sent: dict = field(default_factory=dict)
    timeout_ms: int | None = None
    # How large each request is made: the limit and this many bytes.
    sizes: tuple = ()
    # What the call ends with, where the script does not say.
    code: str | None = None
    # When the caller gives up, as a testing.calls.Call says it, and how many replies have come then.
    cancel: dict = field(default_factory=dict)
    replies: int = 0

    @property
    def suite(self):
        return self.name.split("/")[0]

    def messages(self, schema):
        """The requests."""
        scripts = [self.script, *self.more][:self.requests]
        messages = [message(schema, script) for script in scripts]
        for script, size in zip(messages, self.sizes):
            pad(script, LIMIT + size)
        return messages


def message(schema, script):
    """A Script of these fields."""
    made = schema.Script(
        replies=script.get("replies", ()), delay_ms=script.get("delay_ms", 0),
        full_duplex=script.get("full_duplex", False), data=script.get("data", b""))
    for name, values in script.get("headers", {}).items():
        made.headers.add(name=name, values=values)
    for name, values in script.get("trailers", {}).items():
        made.trailers.add(name=name, values=values)
    if "failure" in script:
        code, text = script["failure"]
        made.failure.code = CODES.index(code) + 1
        made.failure.message = text
    return made


def pad(script, size):
    """Makes a message exactly so large."""
    script.data = bytes(size)
    script.data = bytes(size - (script.ByteSize() - size))
    assert script.ByteSize() == size


def answer(replies=1, headers=HEADERS, trailers=TRAILERS, **more):
    """A script of so many replies."""
    return {"headers": headers, "replies": [DATA] * replies, "trailers": trailers, **more}


def basic():
    yield Case("basic/unary", "Unary", answer(), sent=SENT)
    yield Case("basic/client-stream", "ClientStream", answer(), ({"data": DATA},), 2, sent=SENT)
    yield Case("basic/client-stream/no-requests", "ClientStream", requests=0, sent=SENT)
    yield Case("basic/server-stream", "ServerStream", answer(2), sent=SENT)
    yield Case("basic/server-stream/no-responses", "ServerStream", answer(0), sent=SENT)
    yield Case("basic/bidi/full-duplex", "Bidi", answer(2, full_duplex=True), ({"data": DATA},), 2,
               sent=SENT)
    yield Case("basic/bidi/half-duplex", "Bidi", answer(2), ({"data": DATA},), 2, sent=SENT)
    yield Case("basic/bidi/no-requests", "Bidi", requests=0, sent=SENT)
    yield Case("basic/bidi/no-responses", "Bidi", answer(0), sent=SENT)
    yield Case("basic/unimplemented", "Unimplemented", code="unimplemented")


def errors():
    for kind in ("Unary", "ServerStream"):
        for code in CODES:
            yield Case(f"errors/{kind}/{code}", kind, {"failure": (code, code.replace("_", " "))})
    failure = ("unauthenticated", "unauthenticated")
    for kind in ("Unary", "ServerStream", "ClientStream", "Bidi"):
        yield Case(f"errors/{kind}/with-metadata", kind, answer(0, failure=failure))
    yield Case("errors/Unary/unicode", "Unary", {"failure": (
        "internal", "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n")})
    failure = ("internal", "the stream failed")
    for replies in (0, 2):
        yield Case(f"errors/ServerStream/{replies}-replies", "ServerStream",
                   answer(replies, failure=failure), sent=SENT)
        for duplex in (True, False):
            yield Case(f"errors/Bidi/{replies}-replies/full-duplex={duplex}", "Bidi",
                       answer(replies, failure=failure, full_duplex=duplex),
                       ({"data": DATA},), 2 if replies or not duplex else 1, sent=SENT)
    for count in (1, 2):
        yield Case(f"errors/ClientStream/{count}-requests", "ClientStream", {"failure": failure},
                   ({"data": DATA},), count)


def duplicate_metadata():
    many = {"headers": MORE_HEADERS, "trailers": MORE_TRAILERS}
    failure = ("internal", "the call failed")
    for kind, count in (("Unary", 1), ("ClientStream", 2)):
        yield Case(f"duplicates/{kind}", kind, answer(**many), ({"data": DATA},), count, SENT)
        yield Case(f"duplicates/{kind}/error", kind, answer(0, failure=failure, **many),
                   ({"data": DATA},), count, SENT)
    yield Case("duplicates/ServerStream", "ServerStream", answer(2, **many), sent=SENT)
    yield Case("duplicates/ServerStream/no-replies", "ServerStream", answer(0, **many))
    for replies in (0, 2):
        yield Case(f"duplicates/ServerStream/error/{replies}-replies", "ServerStream",
                   answer(replies, failure=failure, **many), sent=SENT)
    for duplex in (True, False):
        name = f"duplicates/Bidi/full-duplex={duplex}"
        yield Case(name, "Bidi", answer(2, full_duplex=duplex, **many), ({"data": DATA},), 2, SENT)
        for replies in (0, 2):
            yield Case(f"{name}/error/{replies}-replies", "Bidi",
                       answer(replies, failure=failure, full_duplex=duplex, **many),
                       ({"data": DATA},), 2 if replies or not duplex else 1, SENT)


def message_size():
    one, two = {"replies": [DATA]}, {"replies": [DATA, DATA]}
    for kind, script in (("Unary", one), ("ServerStream", two)):
        for size, code in ((0, None), (10, "resource_exhausted")):
            yield Case(f"size/{kind}/{size}", kind, script, sizes=(size,), code=code)
    for kind, script in (("ClientStream", one), ("Bidi", two), ("Bidi", two | {"full_duplex": True})):
        for sizes in ((0, 0), (10, 0), (0, 10)):
            if script.get("full_duplex") and sizes == (0, 10):
                continue  # What comes before the error is left open.
            code = "resource_exhausted" if any(sizes) else None
            duplex = script.get("full_duplex", False)
            yield Case(f"size/{kind}/{sizes}/full-duplex={duplex}", kind, script, ({},), 2,
                       sizes=sizes, code=code)


def timeouts():
    """Much longer than what the client waits for, so that neither is in a hurry."""
    slow = {"replies": [DATA], "delay_ms": 20_000}
    for kind in ("Unary", "ClientStream", "ServerStream", "Bidi"):
        yield Case(f"timeouts/{kind}", kind, slow, timeout_ms=200, code="deadline_exceeded")
    yield Case("timeouts/Bidi/full-duplex", "Bidi", slow | {"full_duplex": True}, ({"data": DATA},),
               2, timeout_ms=200, code="deadline_exceeded")


def deadlines():
    """The server learns what it may take."""
    for kind, count in (("Unary", 1), ("ClientStream", 2), ("ServerStream", 1), ("Bidi", 2)):
        script = {"replies": [DATA] * count, "full_duplex": kind == "Bidi"}
        yield Case(f"deadlines/{kind}", kind, script, ({"data": DATA},), count, timeout_ms=60_000)


def empty():
    """A message of no bytes is a message."""
    for kind in ("Unary", "ClientStream", "ServerStream", "Bidi"):
        yield Case(f"empty/{kind}", kind, sent=SENT)


def cancellation():
    """For clients: the caller gives up, and that is what the call ends with."""
    two = answer(2, delay_ms=300)
    duplex, more = answer(2, full_duplex=True), ({"data": DATA},)
    before, after = {"before_close": True}, {"after_close": True}

    def case(name, kind, script, cancel, replies=0):
        requests = 1 if kind == "ServerStream" else 2
        return Case(f"cancellation/{name}", kind, script, more, requests, code="canceled",
                    cancel=cancel, replies=replies)

    yield case("client-stream/before-close", "ClientStream", answer(), before)
    yield case("client-stream/after-close", "ClientStream", answer(delay_ms=2000), after)
    for count in (0, 1):
        yield case(f"server-stream/{count}-replies", "ServerStream", two, {"after_replies": count},
                   count)
        yield case(f"half-duplex/{count}-replies", "Bidi", two, {"after_replies": count}, count)
        yield case(f"full-duplex/{count}-replies", "Bidi", two | {"full_duplex": True},
                   {"after_replies": count}, count)
    yield case("half-duplex/before-close", "Bidi", answer(2), before)
    yield case("half-duplex/after-close", "Bidi", answer(2, delay_ms=2000), after)
    yield case("full-duplex/before-close", "Bidi", duplex, before, 2)
    three = answer(3, delay_ms=300, full_duplex=True)
    yield case("full-duplex/after-close", "Bidi", three, after, 2)


def by_get():
    yield Case("get/success", "Read", answer(), sent=SENT)


TABLE = [*basic(), *errors(), *duplicate_metadata(), *message_size(), *timeouts(), *deadlines(),
         *empty()]


def check(case, outcome, client):
    """What a client makes of a call is what the script says."""
    code, message = case.script.get("failure", (case.code, None))
    assert outcome.code == code, outcome
    if client.protocol == "connect" and case.kind in ("Unary", "Read") and outcome.status:
        assert outcome.status == (client.http_status(code) if code else 200)
    if case.cancel:
        assert len(outcome.replies) == case.replies
    if case.code:
        return
    if message is not None:
        assert outcome.message == message
    for name, values in case.script.get("headers", {}).items():
        assert outcome.headers.get(name) == values, outcome
    for name, values in case.script.get("trailers", {}).items():
        assert outcome.trailers.get(name) == values, outcome
    check_replies(case, outcome, client)


def check_replies(case, outcome, client):
    """All of the replies have come, and nothing else."""
    data = case.script.get("replies", [])
    is_single = case.kind in ("Unary", "Read", "ClientStream")
    if is_single and not outcome.code:
        data = data[:1] or [b""]
    assert [reply.data for reply in outcome.replies] == list(data)
    if outcome.replies:
        seen = [reply.seen for reply in outcome.replies]
    elif outcome.code:
        (name, value), = outcome.details
        assert name == "testing.calls.Seen"
        seen = [client.schema.Seen.FromString(value)]
    else:
        return  # A stream of no replies that succeeds tells nothing.
    check_seen(case, seen, client)


def check_seen(case, seen, client):
    """The server has had every request and what was sent along."""
    headers = {field.name: ",".join(field.values) for field in seen[0].headers}
    for name, values in case.sent.items():
        assert headers[name].replace(" ", "") == ",".join(values)
    assert seen[0].HasField("timeout_ms") == (case.timeout_ms is not None)
    if case.timeout_ms:
        assert 0 < seen[0].timeout_ms <= case.timeout_ms
    assert [request for one in seen for request in one.requests] == case.messages(client.schema)
