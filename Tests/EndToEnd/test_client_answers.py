"""T39: the answers of answer_cases, sent by h2, and what our client makes of them.

Accepted deviation: HTTP's 431 is INTERNAL in gRPC and gRPC-Web, as gRPC's table has it since the suite
was written.
"""

import answer_cases
import interop_h2
import pytest
from our_client import OurClient


class Scripted(interop_h2.Connection):
    """Answers every request with what the test says."""

    current = None

    def answer(self, stream):
        case = self.current
        fields = [(":status", str(case.status))]
        if case.type:
            fields.append(("content-type", case.type))
        is_all = not case.body and case.trailers is None
        self.h2.send_headers(stream, fields + pairs(case.headers), end_stream=is_all)
        if case.body:
            self.h2.send_data(stream, case.body, end_stream=case.trailers is None)
        if case.trailers is not None:
            self.h2.send_headers(stream, pairs(case.trailers), end_stream=True)


def pairs(fields):
    return [(name, value) for name, values in fields.items() for value in values]


@pytest.fixture(scope="module", params=answer_cases.TABLES)
def client(request):
    """Our client in one of its protocols, and its server."""
    from testing.calls import calls_pb2

    with interop_h2.serving(kind=Scripted) as port:
        client = OurClient(port, calls_pb2, request.param)
        yield client
        client.close()


def test_an_answer_is_what_its_protocol_says(client):
    for case in answer_cases.TABLES[client.protocol]:
        Scripted.current = case
        outcome = client.make(client.schema.Call(
            method=case.kind, requests=[client.schema.Script()], timeout_ms=60_000))
        assert outcome.code == case.code, (case.name, outcome)
        assert tuple(reply.data for reply in outcome.replies) == case.replies, (case.name, outcome)
        if case.message is not None:
            assert outcome.message == case.message, case.name
        for seen, expected in ((outcome.headers, case.seen_headers),
                               (outcome.trailers, case.seen_trailers)):
            for name, values in expected.items():
                assert seen.get(name) == values, (case.name, outcome)
        if case.details:
            assert outcome.details == case.details, case.name


def test_the_tables_are_whole():
    """How many cases the suites have, and that none is there twice."""
    tables = answer_cases.TABLES.items()
    assert {protocol: len(table) for protocol, table in tables} == {
        "grpc": 44, "grpcweb": 41, "connect": 45}
    for protocol, table in tables:
        assert len({case.name for case in table}) == len(table), protocol
