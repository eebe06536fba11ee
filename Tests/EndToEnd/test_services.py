"""Health and reflection of linkd, as strangers use them (T53, T54)."""

import json
import subprocess
import sys

import grpc
import pytest

from conftest import ROOT

SECONDS = 20
SERVED = {
    "link.v1.AdminService", "link.v1.LinkService", "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
}


@pytest.fixture(scope="module")
def health(tmp_path_factory):
    """The module of the health service; its package would else be that of grpcio."""
    out = tmp_path_factory.mktemp("health")
    folder = ROOT / "Protos" / "grpc" / "health" / "v1"
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={out}",
         f"--grpc_python_out={out}", folder / "health.proto"],
        check=True)
    sys.path.insert(0, str(out))
    import health_pb2
    import health_pb2_grpc
    yield health_pb2, health_pb2_grpc
    sys.path.remove(str(out))


def test_health_follows_the_protocol(linkd, health):
    messages, services = health
    with grpc.insecure_channel(linkd.address, [("grpc.enable_http_proxy", 0)]) as channel:
        stub = services.HealthStub(channel)

        def check(name):
            request = messages.HealthCheckRequest(service=name)
            return stub.Check(request, timeout=SECONDS).status

        for name in ("", "link.v1.LinkService"):
            assert check(name) == messages.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as error:
            check("nobody.Knows")
        assert error.value.code() == grpc.StatusCode.NOT_FOUND

        unknown = stub.Watch(messages.HealthCheckRequest(service="nobody.Knows"), timeout=SECONDS)
        assert next(unknown).status == messages.HealthCheckResponse.SERVICE_UNKNOWN
        known = stub.Watch(messages.HealthCheckRequest(), timeout=SECONDS)
        assert next(known).status == messages.HealthCheckResponse.SERVING
        assert unknown.is_active()

        # A server that is going to stop says so first, and does not wait for those who watch.
        assert linkd.process.stop() == 0
        assert next(known).status == messages.HealthCheckResponse.NOT_SERVING


def buf_curl(linkd, *arguments):
    command = [ROOT / ".venv" / "bin" / "buf", "curl", "--protocol", "grpc",
               "--http2-prior-knowledge", "-H", f"authorization: Bearer {linkd.token}",
               "--reflect-header", f"authorization: Bearer {linkd.token}"]
    done = subprocess.run(
        [str(part) for part in [*command, *arguments]], capture_output=True, text=True,
        timeout=60, cwd=linkd.data.parent,
        env={"PATH": "/usr/bin", "HOME": str(linkd.data.parent)})
    assert done.returncode == 0, (done.args, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("version", ["grpc-v1", "grpc-v1alpha"])
def test_buf_curl_lists_and_calls_through_reflection(linkd, version):
    url = f"http://{linkd.address}"
    reflect = ["--reflect-protocol", version]
    listed = buf_curl(linkd, *reflect, "--list-services", url).split()
    assert set(listed) == SERVED
    methods = buf_curl(linkd, *reflect, "--list-methods", url)
    assert "link.v1.LinkService/ListAccounts" in methods
    answer = buf_curl(
        linkd, *reflect, "-d", '{"parent": "profiles/alice"}',
        f"{url}/link.v1.LinkService/ListAccounts")
    assert json.loads(answer) == {}


def test_reflection_needs_a_token(linkd):
    with grpc.insecure_channel(linkd.address, [("grpc.enable_http_proxy", 0)]) as channel:
        for version in ("v1", "v1alpha"):
            call = channel.stream_stream(
                f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
            with pytest.raises(grpc.RpcError) as error:
                list(call(iter([b"\x3a\x01*"]), timeout=SECONDS))
            assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
