"""The service of gRPC's interoperability tests as connectrpc serves it.

connectrpc does not say whether a request was compressed, so the probes of `client_compressed_*`
cannot be failed.
"""

import asyncio

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import Endpoint
from testing.grpc import testing_pb2 as messages

SERVICE = "grpc.testing.TestService"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
CODES = list(Code)  # In the order of their numbers, from 1.


def payload(size):
    return messages.Payload(body=bytes(size))


def prepare(request, context):
    headers = context.request_headers
    if INITIAL in headers:
        context.response_headers[INITIAL] = headers[INITIAL]
    if TRAILING in headers:
        context.response_trailers[TRAILING] = headers[TRAILING]
    if request.HasField("response_status"):
        status = request.response_status
        raise ConnectError(CODES[status.code - 1], status.message)


async def empty(request, context):
    return request


async def unary(request, context):
    prepare(request, context)
    return messages.SimpleResponse(payload=payload(request.response_size))


async def output(request, context):
    prepare(request, context)
    for parameters in request.response_parameters:
        if parameters.interval_us:
            await asyncio.sleep(parameters.interval_us / 1e6)
        yield messages.StreamingOutputCallResponse(payload=payload(parameters.size))


async def take(requests, context):
    total = 0
    async for request in requests:
        total += len(request.payload.body)
    return messages.StreamingInputCallResponse(aggregated_payload_size=total)


async def duplex(requests, context):
    async for request in requests:
        async for response in output(request, context):
            yield response


async def unimplemented(request, context):
    raise ConnectError(Code.UNIMPLEMENTED, "no server implements this method")


def method(name, kind, request, response):
    return MethodInfo(
        name=name, service_name=SERVICE, input=request, output=response,
        idempotency_level=IdempotencyLevel.UNKNOWN, stream_type=kind)


STREAMED = messages.StreamingOutputCallRequest, messages.StreamingOutputCallResponse
ENDPOINTS = [
    Endpoint.unary(
        method("EmptyCall", StreamType.UNARY, messages.Empty, messages.Empty), empty),
    Endpoint.unary(method(
        "UnaryCall", StreamType.UNARY, messages.SimpleRequest, messages.SimpleResponse), unary),
    Endpoint.server_stream(
        method("StreamingOutputCall", StreamType.SERVER_STREAM, *STREAMED), output),
    Endpoint.client_stream(method(
        "StreamingInputCall", StreamType.CLIENT_STREAM, messages.StreamingInputCallRequest,
        messages.StreamingInputCallResponse), take),
    Endpoint.bidi_stream(method("FullDuplexCall", StreamType.BIDI_STREAM, *STREAMED), duplex),
    Endpoint.bidi_stream(method("HalfDuplexCall", StreamType.BIDI_STREAM, *STREAMED), duplex),
    Endpoint.unary(method(
        "UnimplementedMethod", StreamType.UNARY, messages.Empty, messages.Empty), unimplemented),
]
