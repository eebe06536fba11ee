"""linkctl, its secrets and files, and the service of grpcio that it is run against."""

import pytest
from conftest import BIN, run
from service import Service, failure, serving

LINKCTL = BIN / "linkctl"
TOKEN = "linkd_MARKERTOKEN_0123456789abcdef"
KEY = "MARKERCONSUMERKEY0001"
SECRET = "MARKERCONSUMERSECRET/+=0002"
LINK_SECRET = "MARKERLINKSECRET0003"
CALLBACK = "https://app.example/x/callback"


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "keys").write_text(f"consumer_key = {KEY}\nconsumer_secret = {SECRET}\n")
    return tmp_path


@pytest.fixture
def ctl(service, files, monkeypatch):
    """Runs linkctl against the service; whatever it prints, it prints no secret."""
    monkeypatch.delenv("DISPLAY", raising=False)
    with serving(service) as url:
        monkeypatch.setenv("LINKD_SERVER", url)
        monkeypatch.setenv("LINKD_TOKEN_FILE", str(files / "token"))

        def call(*arguments, **options):
            done = run(LINKCTL, *arguments, **options)
            for secret in (TOKEN, KEY, SECRET):
                assert secret not in done.stdout + done.stderr
            return done

        yield call


def account(**fields):
    from link.v1 import account_pb2, provider_pb2

    values = dict(
        name="profiles/alice/accounts/a1", provider=provider_pb2.PROVIDER_X,
        provider_account_id="18446744073709551615", screen_name="alice",
        state=account_pb2.ACCOUNT_STATE_ACTIVE, access_level=account_pb2.ACCESS_LEVEL_WRITE)
    made = account_pb2.Account(**(values | fields))
    made.create_time.FromJsonString("2026-01-02T03:04:05Z")
    return made


def verdict(name, *findings):
    from link.v1 import link_service_pb2 as schema

    return schema.ValidateKeysResponse(
        verdict=schema.KeyVerdict.Value("KEY_VERDICT_" + name), findings=findings)


def finding(check, outcome, **fields):
    from link.v1 import link_service_pb2 as schema

    return schema.KeyFinding(
        check=schema.KeyCheck.Value("KEY_CHECK_" + check),
        outcome=schema.KeyOutcome.Value("KEY_OUTCOME_" + outcome), **fields)


def link_failure(code, message, reason, actor, *details, **metadata):
    from google.rpc import error_details_pb2

    info = error_details_pb2.ErrorInfo(
        reason=reason, domain="link.v1", metadata={"actor": actor, **metadata})
    return failure(code, message, info, *details)
