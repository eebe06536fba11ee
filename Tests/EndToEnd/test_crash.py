"""kill -9 of linkd at the moments that matter: what was acknowledged is there, and happens once."""

import contextlib
import random
import threading
import uuid

import grpc
import pytest
from conftest import complete_request, details_of, start_request


def listed(linkd):
    from link.v1 import link_service_pb2 as schema

    request = schema.ListAccountsRequest(parent="profiles/-")
    return list(linkd.call("ListAccounts", request).accounts)


def crash(linkd):
    linkd.process.kill()
    linkd.serve()


def test_a_link_survives_a_crash_between_its_two_calls(linkd, fakex):
    begin = start_request((fakex.key, fakex.secret), request_id=str(uuid.uuid4()))
    started = linkd.call("StartLink", begin)
    crash(linkd)
    assert linkd.call("StartLink", begin) == started
    back = fakex.visit(started.authorize_url)
    crash(linkd)
    account = linkd.call("CompleteLink", complete_request(started, back)).account
    assert account.screen_name == "alice"
    assert [same.name for same in listed(linkd)] == [account.name]


def test_an_answer_survives_a_crash_and_is_given_again(linkd, fakex):
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    back = fakex.visit(started.authorize_url)
    request = complete_request(started, back, request_id=str(uuid.uuid4()))
    answer = linkd.call("CompleteLink", request)
    crash(linkd)
    assert linkd.call("CompleteLink", request) == answer
    # The daily check may have brought the rest up to date meanwhile.
    assert [same.name for same in listed(linkd)] == [answer.account.name]
    assert fakex.control("calls")["access_token"] == 1, "a verifier works once"
    other = complete_request(started, back, request_id=str(uuid.uuid4()))
    with pytest.raises(grpc.RpcError) as failure:
        linkd.call("CompleteLink", other)
    assert failure.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_crash_while_the_provider_is_asked_leaves_no_doubt(linkd, fakex):
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    back = fakex.visit(started.authorize_url)
    request = complete_request(started, back, request_id=str(uuid.uuid4()))
    fakex.control("fail", endpoint="access_token", hang="true")
    failures = []

    def call():
        try:
            linkd.call("CompleteLink", request)
        except grpc.RpcError as error:
            failures.append(error.code())

    waiting = threading.Thread(target=call)
    waiting.start()
    while fakex.control("calls")["access_token"] == 0:
        assert waiting.is_alive()
    crash(linkd)
    waiting.join(30)
    assert failures == [grpc.StatusCode.UNAVAILABLE]
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as failure:
            linkd.call("CompleteLink", request)
        assert details_of(failure.value)["ErrorInfo"].reason == "LINK_OUTCOME_UNKNOWN"
    assert fakex.control("calls")["access_token"] == 1, "asked once, whatever became of it"
    assert not listed(linkd)


def test_many_accounts_survive_crash_after_crash(linkd, fakex):
    names = []
    for number in range(5):
        profile = f"user-{number}"
        started = linkd.call("StartLink", start_request((fakex.key, fakex.secret), profile))
        back = fakex.visit(started.authorize_url)
        completed = linkd.call("CompleteLink", complete_request(started, back, profile))
        names.append(completed.account.name)
        crash(linkd)
        assert [account.name for account in listed(linkd)] == sorted(names)


def test_what_a_deadline_cut_off_is_done_durably_or_not_at_all(linkd):
    """T49: calls that commit, with deadlines about as long as they take."""
    from link.v1 import admin_service_pb2 as schema, admin_service_pb2_grpc, options_pb2

    random.seed(49)
    metadata = [("authorization", f"Bearer {linkd.token}")]
    request = schema.CreateTokenRequest(parent="tenants/late", scopes=[options_pb2.SCOPE_READ])

    @contextlib.contextmanager
    def connection():
        options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(linkd.address, options) as channel:
            yield admin_service_pb2_grpc.AdminServiceStub(channel)

    def create(service, timeout=60):
        return service.CreateToken.future(request, timeout=timeout, metadata=metadata)

    def names():
        page = schema.ListTokensRequest(parent="tenants/late", page_size=1000)
        with connection() as service:
            tokens = service.ListTokens(page, timeout=60, metadata=metadata).tokens
        return {token.name for token in tokens}

    calls = []
    with contextlib.ExitStack() as connections:
        services = [connections.enter_context(connection()) for _ in range(10)]
        acknowledged = {create(service).result().token.name for service in services}
        # No more withdrawn calls of one connection than a good client has.
        for _ in range(50):
            calls += [create(service, random.uniform(0, 0.05)) for service in services]
        codes = {call.code() for call in calls}
    for call in calls:
        if call.code() == grpc.StatusCode.OK:
            acknowledged.add(call.result().token.name)
    assert codes <= {grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert grpc.StatusCode.DEADLINE_EXCEEDED in codes
    done = names()
    assert acknowledged <= done
    crash(linkd)
    # Calls whose callers have gone may have committed since, until the crash; from then on all stays.
    survived = names()
    assert done <= survived
    crash(linkd)
    assert names() == survived
