"""testing.calls.Calls as connectrpc serves it: answers as it is told, and tells what it has seen."""

import asyncio

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import Endpoint
from protobuf.wkt import Any
from testing.calls import calls_pb2 as schema

SERVICE = "testing.calls.Calls"
CODES = list(Code)  # In the order of their numbers, from 1.


class Answer:
    """One answer on its way, as a script has it."""

    def __init__(self, script, context):
        self.script, self.left = script, list(script.replies)
        for fields, metadata in ((script.headers, context.response_headers),
                                 (script.trailers, context.response_trailers)):
            for field in fields:
                for value in field.values:
                    metadata.add(field.name, value)
        self.seen = schema.Seen()
        values = {}
        for name, value in context.request_headers.allitems():
            values.setdefault(name, []).append(value)
        for name in values:
            self.seen.headers.add(name=name, values=values[name])
        if (timeout_ms := context.timeout_ms) is not None:
            self.seen.timeout_ms = int(timeout_ms)

    async def delay(self):
        if self.script.delay_ms:
            await asyncio.sleep(self.script.delay_ms / 1000)

    async def next(self):
        """The next reply, or None."""
        if not self.left:
            return None
        await self.delay()
        reply = schema.Reply(data=self.left.pop(0), seen=self.seen)
        self.seen = schema.Seen()
        return reply

    def fail(self, tells):
        details = []
        if tells:
            details.append(Any(type_url=f"type.googleapis.com/{schema.Seen.DESCRIPTOR.full_name}",
                               value=self.seen.SerializeToString()))
        failure = self.script.failure
        raise ConnectError(CODES[failure.code - 1], failure.message, details)

    async def only(self):
        """The reply where there can be one only."""
        if self.script.HasField("failure"):
            await self.delay()
            self.fail(tells=True)
        return await self.next() or schema.Reply(seen=self.seen)

    async def rest(self):
        """The replies that are left, and how the call ends."""
        while (reply := await self.next()) is not None:
            yield reply
        if not self.script.replies:
            await self.delay()
        if self.script.HasField("failure"):
            self.fail(tells=not self.script.replies)


async def unary(request, context):
    answer = Answer(request, context)
    answer.seen.requests.append(request)
    return await answer.only()


async def client_stream(requests, context):
    received = [request async for request in requests]
    answer = Answer(received[0] if received else schema.Script(), context)
    answer.seen.requests.extend(received)
    return await answer.only()


async def server_stream(request, context):
    answer = Answer(request, context)
    answer.seen.requests.append(request)
    async for reply in answer.rest():
        yield reply


async def bidi(requests, context):
    answer = None
    async for request in requests:
        answer = answer or Answer(request, context)
        answer.seen.requests.append(request)
        if answer.script.full_duplex and (reply := await answer.next()) is not None:
            yield reply
    answer = answer or Answer(schema.Script(), context)
    async for reply in answer.rest():
        yield reply


async def unimplemented(request, context):
    raise ConnectError(Code.UNIMPLEMENTED, "nobody implements this method")


def method(name, kind):
    return MethodInfo(
        name=name, service_name=SERVICE, input=schema.Script, output=schema.Reply,
        idempotency_level=IdempotencyLevel.UNKNOWN, stream_type=kind)


ENDPOINTS = [
    Endpoint.unary(method("Unary", StreamType.UNARY), unary),
    Endpoint.client_stream(method("ClientStream", StreamType.CLIENT_STREAM), client_stream),
    Endpoint.server_stream(method("ServerStream", StreamType.SERVER_STREAM), server_stream),
    Endpoint.bidi_stream(method("Bidi", StreamType.BIDI_STREAM), bidi),
    Endpoint.unary(method("Unimplemented", StreamType.UNARY), unimplemented),
]
