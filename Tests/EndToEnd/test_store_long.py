"""The long runs of the store: the shipped linkd, killed again and again."""

import concurrent.futures
import random
import statistics
import subprocess
import threading
import time

import conftest
import grpc
import pytest
import sealed_store
from conftest import BIN, Linkd, complete_request, start_request

pytestmark = pytest.mark.long


class Client:
    """One connection to linkd that writers and readers share, and what linkd has promised on it."""

    def __init__(self, linkd):
        from link.v1 import link_service_pb2_grpc

        self.channel = grpc.insecure_channel(linkd.address)
        self.stub = link_service_pb2_grpc.LinkServiceStub(self.channel)
        self.metadata = [("authorization", f"Bearer {linkd.token}")]

    def put(self, name):
        from link.v1 import key_set_pb2, provider_pb2

        # A new pair each time: the one that is there already would change nothing.
        keys = provider_pb2.ConsumerKeys(
            consumer_key=f"key-of-{name}", consumer_secret=random.randbytes(20).hex())
        request = key_set_pb2.PutKeySetRequest(
            name=name, provider=provider_pb2.PROVIDER_X, keys=keys)
        return self.stub.PutKeySet(request, timeout=30, metadata=self.metadata).key_set.version

    def versions(self):
        """All key sets, by name."""
        from link.v1 import key_set_pb2

        found, token = {}, ""
        while True:
            page = self.stub.ListKeySets(key_set_pb2.ListKeySetsRequest(
                page_size=500, page_token=token), timeout=30, metadata=self.metadata)
            found.update({key_set.name: key_set.version for key_set in page.key_sets})
            token = page.next_page_token
            if not token:
                return found


def clone_accounts(linkd, fakex, count):
    """Links an account, and gives linkd as many copies of it, ten to a profile p0, p1 and so on."""
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    linkd.call("CompleteLink", complete_request(started, fakex.visit(started.authorize_url)))
    assert linkd.process.stop() == 0
    subprocess.run([BIN / "store-bench", "clone", linkd.data, str(count)], check=True)
    linkd.serve()


def clones(linkd):
    """What the store has of the copies, opened with the master key alone."""
    return {key: entry for key, entry in sealed_store.entries(linkd.data).items()
            if b"/clone-" in key}


@pytest.mark.seconds(3600)
def test_t73_500_kills_under_64_writers_lose_nothing(linkd):
    promised, attempted = {}, {}
    slowest = 0
    for kill in range(500):
        client, over = Client(linkd), threading.Event()

        def write(writer):
            number = 0
            while not over.is_set():
                name = f"keySets/w{writer}-{number % 5}"
                attempted[name] = attempted.get(name, promised.get(name, 0)) + 1
                try:
                    promised[name] = client.put(name)
                except grpc.RpcError:
                    return
                number += 1

        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            writers = [pool.submit(write, writer) for writer in range(64)]
            time.sleep(random.uniform(0.001, 0.5))
            linkd.process.kill()
            over.set()
            concurrent.futures.wait(writers)
        client.channel.close()
        length = sum(path.stat().st_size for path in (linkd.data / "store").iterdir())
        begin = time.monotonic()
        linkd.serve()
        took = time.monotonic() - begin
        slowest = max(slowest, took)
        # A second for every 100 MB that was begun.
        assert took <= max(1, -(-length // 100_000_000)), f"kill {kill}: {took} s for {length} bytes"
        client = Client(linkd)
        found = client.versions()
        client.channel.close()
        for name, version in promised.items():
            assert found.get(name, 0) >= version, f"kill {kill}: {name} was promised"
        for name, version in found.items():
            assert version <= attempted[name], f"kill {kill}: {name} was never written"
            attempted[name] = version
            promised[name] = version
    total = sum(promised.values())
    print(f"T73: 500 kills, {total} promised writes, 0 lost, slowest start {slowest:.2f} s")


@pytest.mark.seconds(3600)
def test_t119_200_kills_while_the_key_is_rotated_under_load(linkd, fakex):
    client = Client(linkd)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(client.put, (f"keySets/k{number:05}" for number in range(1000))))
    before = client.versions()
    assert len(before) == 1000
    client.channel.close()
    # And enough to write anew that most kills come in the middle of it.
    clone_accounts(linkd, fakex, 50_000)
    stored = clones(linkd)
    assert len(stored) >= 50_000

    reads, failed, up, over = [0], [], threading.Event(), threading.Event()
    up.set()

    def read():
        """Reads at a steady rate; while linkd is up, and stays up meanwhile, none may fail."""
        from link.v1 import key_set_pb2

        client, address = Client(linkd), linkd.address
        while not over.is_set():
            up.wait()
            if linkd.address != address:
                client.channel.close()
                client, address = Client(linkd), linkd.address
            process = linkd.process
            try:
                client.stub.ListKeySets(key_set_pb2.ListKeySetsRequest(page_size=2), timeout=30,
                                        metadata=client.metadata)
                reads[0] += 1
            except grpc.RpcError as error:
                if up.is_set() and linkd.process is process:
                    failed.append(error)
            time.sleep(0.016)
        client.channel.close()

    readers = [threading.Thread(target=read) for _ in range(32)]
    for reader in readers:
        reader.start()
    begin, served = time.monotonic(), 0
    try:
        for kill in range(200):
            rotation = subprocess.Popen(
                [BIN / "linkd", "store", "rotate-key", "--data", linkd.data],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.25))
            if kill % 3 == 0:
                rotation.kill()
            up.clear()
            served += time.monotonic() - begin
            linkd.process.kill()
            # It goes on by itself where linkd was killed, unless it is killed, too.
            if kill % 3 == 1:
                rotation.kill()
            rotation.wait(120)
            linkd.serve()
            begin = time.monotonic()
            up.set()
    finally:
        total = reads[0]
        over.set()
        up.set()
        for reader in readers:
            reader.join()
    # While it was up.
    rate = total / served
    assert not failed, failed[0]
    assert rate >= 500, f"only {rate:.0f} reads a second"
    linkd.store("rotate-key", "--remove-old")
    lines = (linkd.data / "master.key").read_text().splitlines()
    assert len(lines) == 1
    stats = linkd.store("stats").stdout
    assert f"key versions     {lines[0].split()[1]}\n" in stats
    # Without the old keys everything is as it was.
    linkd.process.kill()
    linkd.serve()
    client = Client(linkd)
    assert client.versions() == before
    client.channel.close()
    # But for those that linkd itself has asked X about meanwhile, which it has written since.
    after = clones(linkd)
    assert after.keys() == stored.keys()
    newest = max(version for version, _ in stored.values())
    asked = [after[name][0] for name in stored if after[name] != stored[name]]
    assert all(version > newest for version in asked), asked
    print(f"T119: 200 kills, {reads[0]} reads at {rate:.0f}/s, 0 failed; "
          f"key version {lines[0].split()[1]} alone at the end")


@pytest.mark.seconds(1200)
def test_a_profile_is_listed_as_fast_among_a_million_accounts_as_among_a_thousand(
        processes, tmp_path, fakex, monkeypatch):
    from link.v1 import link_service_pb2 as schema

    # Without optimisation a million take long to read.
    monkeypatch.setattr(conftest, "START_SECONDS", 300)
    clients = []
    for count in (1000, 1_000_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        linkd = Linkd(processes, folder, fakex.url)
        clone_accounts(linkd, fakex, count)
        clients.append((count, Client(linkd)))

    times = {count: [] for count, _ in clients}
    for step in range(5000):
        # In turns, so that whatever else the machine does meets both.
        for count, client in clients:
            request = schema.ListAccountsRequest(parent=f"profiles/p{step * 7919 % (count // 10)}")
            begin = time.perf_counter()
            answer = client.stub.ListAccounts(request, timeout=30, metadata=client.metadata)
            times[count].append(time.perf_counter() - begin)
            assert len(answer.accounts) == 10
    few, many = (statistics.median(times[count]) * 1e6 for count, _ in clients)
    for _, client in clients:
        client.channel.close()
    print(f"ListAccounts of one profile: {few:.0f} µs of a thousand, {many:.0f} µs of a million")
    assert many <= few * 1.2
