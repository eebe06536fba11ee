"""linkd as curl, web pages and buf reach it: Connect and gRPC-Web beside gRPC."""

import json
import subprocess

import pytest
from conftest import ROOT, Linkd, run

PATH = "/link.v1.LinkService/"
PAGE = "https://app.example"


class Curl:
    """What curl has to say of linkd."""

    def __init__(self, linkd):
        self.linkd = linkd
        certificate = linkd.certificate
        # Over TLS, HTTP/2 is agreed on unasked.
        self.how = ["--cacert", certificate.ca] if certificate else ["--http2-prior-knowledge"]

    def __call__(self, path, *arguments, token=None):
        """The status, the fields and the body of an answer."""
        token = self.linkd.token if token is None else token
        answer = run(
            "curl", "-sS", "--noproxy", "*", "-m", "20", "-i", *self.how,
            "-H", f"authorization: Bearer {token}", *arguments, self.linkd.url + path).stdout
        head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
        status, *fields = head.split("\n")
        version, status, *_ = status.split()
        assert version == "HTTP/2"
        return int(status), dict(field.split(": ", 1) for field in fields), body

    def json(self, method, message, *arguments, **options):
        return self(PATH + method, "-H", "content-type: application/json", "-d",
                    json.dumps(message), *arguments, **options)


@pytest.fixture(params=("plaintext", "tls"))
def curl(request, processes, tmp_path, fakex, certificate):
    options = ["--allow-origin", PAGE]
    return Curl(Linkd(
        processes, tmp_path, fakex.url, *options,
        certificate=certificate if request.param == "tls" else None))


def test_curl_calls_with_json(curl):
    status, fields, body = curl.json("ListAccounts", {"parent": "profiles/ann"})
    assert (status, fields["content-type"], body) == (200, "application/json", "{}")
    status, fields, body = curl(
        PATH + "ListAccounts?encoding=json&message=%7B%22parent%22%3A%22profiles/ann%22%7D")
    assert (status, body) == (200, "{}")


def test_errors_are_json_and_hold_no_secret(curl, fakex):
    status, _, body = curl.json("ListAccounts", {"parent": "profiles/ann"}, token="wrong")
    error = json.loads(body)
    assert (status, error["code"]) == (401, "unauthenticated")
    assert error["details"][0]["type"] == "google.rpc.ErrorInfo"
    assert error["details"][0]["debug"]["domain"]

    keys = {"consumerKey": fakex.key, "consumerSecret": "canary-secret"}
    link = {"parent": "nobody/ann", "provider": "PROVIDER_X", "keys": keys}
    status, _, body = curl.json("StartLink", link)
    assert (status, json.loads(body)["code"]) == (400, "invalid_argument")
    assert "canary" not in body
    # Also where JSON itself is at fault.
    status, _, body = curl(
        PATH + "StartLink", "-H", "content-type: application/json",
        "-d", '{"keys":{"consumerSecret":"canary-secret",}}')
    assert (status, json.loads(body)["code"]) == (400, "invalid_argument")
    assert "canary" not in body
    assert "canary" not in curl.linkd.process.log.read_text()


def test_pages_of_the_origins_named_may_call(curl):
    question = ("-X", "OPTIONS", "-H", "access-control-request-method: POST",
                "-H", "access-control-request-headers: authorization,content-type")
    status, fields, _ = curl(PATH + "ListAccounts", *question, "-H", f"origin: {PAGE}")
    assert status == 204 and fields["access-control-allow-origin"] == PAGE
    status, fields, _ = curl(PATH + "ListAccounts", *question, "-H", "origin: https://evil.example")
    assert status == 405 and "access-control-allow-origin" not in fields
    _, fields, _ = curl.json("ListAccounts", {"parent": "profiles/ann"}, "-H", f"origin: {PAGE}")
    assert fields["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("protocol", ("grpc", "grpcweb", "connect"))
def test_buf_calls_the_link_service(curl, protocol):
    linkd = curl.linkd
    how = ["--cacert", linkd.certificate.ca] if linkd.certificate else ["--http2-prior-knowledge"]
    buf = ROOT / ".venv" / "bin" / "buf"

    def call(token, method, message):
        return subprocess.run(
            [str(a) for a in (
                buf, "curl", "--protocol", protocol, *how, "--reflect-header",
                f"authorization: Bearer {linkd.token}", "-H", f"authorization: Bearer {token}",
                "-d", json.dumps(message), linkd.url + PATH + method)],
            capture_output=True, text=True, timeout=60)

    done = call(linkd.token, "ListAccounts", {"parent": "profiles/ann"})
    assert (done.returncode, json.loads(done.stdout)) == (0, {}), done.stderr
    done = call("wrong", "ListAccounts", {"parent": "profiles/ann"})
    # buf exits with eight times the code.
    assert done.returncode == 8 * 16 and '"code": "unauthenticated"' in done.stderr, done
