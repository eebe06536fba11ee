"""gRPC's interoperability tests as grpcio has them: a server, and a function for each case.

grpcio's servers do not say whether a request was compressed, so this one cannot fail the probes of
`client_compressed_*` (`interop_h2` does); its clients compress a whole call or none of it.
"""

import concurrent.futures
import contextlib
import time

import grpc

SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
REQUESTS, RESPONSES = (27182, 8, 1828, 45904), (31415, 9, 2653, 58979)
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
SECONDS = 20


def messages():
    from testing.grpc import testing_pb2
    return testing_pb2


def services():
    from testing.grpc import testing_pb2_grpc
    return testing_pb2_grpc


def payload(size):
    return messages().Payload(body=bytes(size))


class Service:
    """Answers as the description of the tests says."""

    def EmptyCall(self, request, context):
        return request

    def UnaryCall(self, request, context):
        self.prepare(request, context)
        if not request.response_compressed.value:
            context.disable_next_message_compression()
        return messages().SimpleResponse(payload=payload(request.response_size))

    def StreamingOutputCall(self, request, context):
        self.prepare(request, context)
        for parameters in request.response_parameters:
            if not parameters.compressed.value:
                context.disable_next_message_compression()
            yield messages().StreamingOutputCallResponse(payload=payload(parameters.size))

    def StreamingInputCall(self, requests, context):
        return messages().StreamingInputCallResponse(
            aggregated_payload_size=sum(len(request.payload.body) for request in requests))

    def FullDuplexCall(self, requests, context):
        for request in requests:
            yield from self.StreamingOutputCall(request, context)

    HalfDuplexCall = FullDuplexCall

    def UnimplementedMethod(self, request, context):
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no server implements this method")

    @staticmethod
    def prepare(request, context):
        metadata = dict(context.invocation_metadata())
        if INITIAL in metadata:
            context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
        if TRAILING in metadata:
            context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))
        if request.HasField("response_status"):
            code = next(c for c in grpc.StatusCode if c.value[0] == request.response_status.code)
            context.abort(code, request.response_status.message)


@contextlib.contextmanager
def serving(certificate=None):
    """The service on a port of the kernel's choice."""
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(4), compression=grpc.Compression.Gzip)
    services().add_TestServiceServicer_to_server(Service(), server)
    if certificate:
        credentials = grpc.ssl_server_credentials(
            [(certificate.key.read_bytes(), certificate.chain.read_bytes())])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait(10)


class Cases:
    """A method for each case, which fails if the server does not do what the case asks for."""

    def __init__(self, channel):
        self.channel, self.stub = channel, services().TestServiceStub(channel)

    def fails(self, code, call, message=None):
        try:
            call()
        except grpc.RpcError as error:
            assert error.code() == code, error
            assert message is None or error.details() == message, error
        else:
            raise AssertionError(f"the call did not fail with {code}")

    def output(self, sizes, request_size=0, **fields):
        parameters = [messages().ResponseParameters(size=size) for size in sizes]
        return messages().StreamingOutputCallRequest(
            response_parameters=parameters, payload=payload(request_size), **fields)

    def large(self, compression=None, metadata=(), **fields):
        request = messages().SimpleRequest(
            response_size=314159, payload=payload(271828), **fields)
        response, call = self.stub.UnaryCall.with_call(
            request, compression=compression, metadata=metadata, timeout=SECONDS)
        assert response.payload.body == bytes(314159)
        return call

    def sizes(self, responses):
        return [len(response.payload.body) for response in responses]

    def empty_unary(self):
        assert self.stub.EmptyCall(messages().Empty(), timeout=SECONDS) == messages().Empty()

    def large_unary(self):
        self.large()

    def client_compressed_unary(self):
        yes, no = messages().BoolValue(value=True), messages().BoolValue(value=False)
        self.fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: self.large(expect_compressed=yes))
        self.large(grpc.Compression.Gzip, expect_compressed=yes)
        self.large(expect_compressed=no)

    def server_compressed_unary(self):
        for value in (True, False):
            self.large(response_compressed=messages().BoolValue(value=value))

    def upload(self, sizes, compression=None, expected=None):
        expect = None if expected is None else messages().BoolValue(value=expected)
        requests = [
            messages().StreamingInputCallRequest(payload=payload(size), expect_compressed=expect)
            for size in sizes]
        response = self.stub.StreamingInputCall(
            iter(requests), compression=compression, timeout=SECONDS)
        assert response.aggregated_payload_size == sum(sizes), response

    def client_streaming(self):
        self.upload(REQUESTS)

    def client_compressed_streaming(self):
        self.fails(
            grpc.StatusCode.INVALID_ARGUMENT, lambda: self.upload((27182,), expected=True))
        self.upload((27182, 45904), grpc.Compression.Gzip, expected=True)
        self.upload((27182, 45904), expected=False)

    def server_streaming(self):
        responses = self.stub.StreamingOutputCall(self.output(RESPONSES), timeout=SECONDS)
        assert self.sizes(responses) == list(RESPONSES)

    def server_compressed_streaming(self):
        request = self.output((31415, 92653))
        request.response_parameters[0].compressed.value = True
        request.response_parameters[1].compressed.value = False
        responses = self.stub.StreamingOutputCall(request, timeout=SECONDS)
        assert self.sizes(responses) == [31415, 92653]

    def ping_pong(self):
        answered = []

        def requests():
            for number, (size, answer) in enumerate(zip(REQUESTS, RESPONSES)):
                while len(answered) < number:
                    time.sleep(0.001)
                yield self.output((answer,), size)

        for response in self.stub.FullDuplexCall(requests(), timeout=SECONDS):
            answered.append(len(response.payload.body))
        assert answered == list(RESPONSES)

    def empty_stream(self):
        assert not list(self.stub.FullDuplexCall(iter(()), timeout=SECONDS))

    def custom_metadata(self):
        metadata = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
        call = self.large(metadata=metadata)
        duplex = self.stub.FullDuplexCall(
            iter([self.output((314159,), 271828)]), metadata=metadata, timeout=SECONDS)
        assert self.sizes(duplex) == [314159]
        for answer in (call, duplex):
            assert dict(answer.initial_metadata())[INITIAL] == "test_initial_metadata_value"
            assert dict(answer.trailing_metadata())[TRAILING] == b"\xab\xab\xab"

    def status(self, message):
        status = messages().EchoStatus(code=2, message=message)
        request = messages().SimpleRequest(response_status=status)
        self.fails(
            grpc.StatusCode.UNKNOWN,
            lambda: self.stub.UnaryCall(request, timeout=SECONDS), message)
        requests = [messages().StreamingOutputCallRequest(response_status=status)]
        self.fails(
            grpc.StatusCode.UNKNOWN,
            lambda: list(self.stub.FullDuplexCall(iter(requests), timeout=SECONDS)), message)

    def status_code_and_message(self):
        self.status("test status message")

    def special_status_message(self):
        self.status(SPECIAL)

    def unimplemented_method(self):
        self.fails(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: self.stub.UnimplementedMethod(messages().Empty(), timeout=SECONDS))

    def unimplemented_service(self):
        stub = services().UnimplementedServiceStub(self.channel)
        self.fails(
            grpc.StatusCode.UNIMPLEMENTED,
            lambda: stub.UnimplementedCall(messages().Empty(), timeout=SECONDS))

    def cancel_after_begin(self):
        def requests():
            time.sleep(SECONDS)
            yield from ()

        call = self.stub.StreamingInputCall.future(requests())
        call.cancel()
        assert call.code() == grpc.StatusCode.CANCELLED

    def cancel_after_first_response(self):
        stop = concurrent.futures.Future()

        def requests():
            yield self.output((31415,), 27182)
            stop.result(SECONDS)

        call = self.stub.FullDuplexCall(requests(), timeout=SECONDS)
        assert len(next(call).payload.body) == 31415
        call.cancel()
        self.fails(grpc.StatusCode.CANCELLED, lambda: list(call))
        stop.set_result(None)

    def timeout_on_sleeping_server(self):
        stop = concurrent.futures.Future()

        def requests():
            yield self.output((), 27182)
            stop.result(SECONDS)

        self.fails(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            lambda: list(self.stub.FullDuplexCall(requests(), timeout=0.001)))
        stop.set_result(None)


NAMES = [
    "empty_unary", "large_unary", "client_compressed_unary", "server_compressed_unary",
    "client_streaming", "client_compressed_streaming", "server_streaming",
    "server_compressed_streaming", "ping_pong", "empty_stream", "custom_metadata",
    "status_code_and_message", "special_status_message", "unimplemented_method",
    "unimplemented_service", "cancel_after_begin", "cancel_after_first_response",
    "timeout_on_sleeping_server",
]
