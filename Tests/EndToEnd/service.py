"""A LinkService of grpcio that answers what a test tells it to: the stranger that linkctl must talk to."""

import concurrent.futures
import contextlib

import grpc


class Service:
    """Answers each method with a message, an error or a function of (request, context)."""

    def __init__(self):
        self.answers = {}
        self.calls = []

    def requests(self, method):
        return [request for name, request, _ in self.calls if name == method]

    def metadata(self, method):
        return [metadata for name, _, metadata in self.calls if name == method]

    def _answer(self, method, request, context):
        self.calls.append((method, request, dict(context.invocation_metadata())))
        answer = self.answers[method]
        if callable(answer):
            return answer(request, context)
        if isinstance(answer, grpc.StatusCode):
            context.abort(answer, f"This is {answer.name}.")
        return answer

    def __getattr__(self, method):
        """Any method of the schema, also one that is still to come."""
        if not method[0].isupper():
            raise AttributeError(method)
        return lambda request, context: self._answer(method, request, context)


@contextlib.contextmanager
def serving(service, certificate=None):
    """The service on a port of the kernel's choice; yields its URL for linkctl."""
    from link.v1 import link_service_pb2_grpc

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    link_service_pb2_grpc.add_LinkServiceServicer_to_server(service, server)
    if certificate:
        credentials = grpc.ssl_server_credentials(
            [(certificate.key.read_bytes(), certificate.chain.read_bytes())])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    finally:
        server.stop(None).wait(10)


def failure(code, message, *details):
    """An answer that fails with a google.rpc.Status that has these details."""
    from google.rpc import status_pb2

    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        status.details.add().Pack(detail)

    def answer(request, context):
        context.set_trailing_metadata(
            [("grpc-status-details-bin", status.SerializeToString())])
        context.abort(code, message)

    return answer
