"""The server under attack, and the victim that calls it meanwhile."""

import os
import pathlib
import re
import statistics
import threading
import time

import grpc


class Target:
    """interop-server with some defences switched off, and what it says and takes up."""

    def __init__(self, start, program, *options):
        self.process = start(program, *options, name="interop-server")
        self.address = self.process.wait_for("listening on ")
        self.port = int(self.address.rsplit(":", 1)[1])

    @property
    def refusals(self):
        """How many connections were refused so far, by reason, and by the address of the peer."""
        found = re.findall(r"^refused reason=(\w+) peer=(\S+)", self.process.log.read_text(), re.M)
        return [(reason, peer) for reason, peer in found]

    def reasons_for(self, wire_name, seconds=20):
        """The reasons given for one peer, once there is one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if reasons := [reason for reason, peer in self.refusals if peer == wire_name]:
                return reasons
            time.sleep(0.01)
        return []

    def _status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])

    @property
    def resident_bytes(self):
        return self._status("VmRSS") * 1024

    @property
    def threads(self):
        return self._status("Threads")

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self, descriptors, seconds=20):
        """Waits until it has no more descriptors than that; how many it has."""
        deadline = time.monotonic() + seconds
        while self.descriptors > descriptors and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.descriptors


class Victim:
    """A client of grpcio that makes 50 calls a second, one after the other."""

    RATE = 50

    def __init__(self, address):
        self.seconds, self.failures = [], []
        self._stop = threading.Event()
        self._channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self._call = self._channel.unary_unary("/grpc.testing.TestService/EmptyCall")
        self._call(b"", timeout=20)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(1 / self.RATE):
            start = time.monotonic()
            try:
                self._call(b"", timeout=20)
            except grpc.RpcError as error:
                self.failures.append((error.code(), error.details()))
            self.seconds.append(time.monotonic() - start)

    def stop(self):
        self._stop.set()
        self._thread.join()
        self._channel.close()

    @property
    def p99(self):
        return statistics.quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else 0
