"""Callers that go on and on: our client, as a program, and grpcio, in threads."""

import json
import subprocess
import threading
import time

import grpc
from conftest import BIN

LIST_ACCOUNTS = "link.v1.LinkService/ListAccounts"
# grpcio repeats what a server that is going has refused; our client does so by itself.
RETRIES = """{"methodConfig": [{"name": [{}], "retryPolicy": {
  "maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 2,
  "retryableStatusCodes": ["UNAVAILABLE"]}}]}"""


class LoadClient:
    """load-client: calls at a steady rate, whether they are answered or not."""

    def __init__(self, start, address, rate, *options):
        self.process = start(
            BIN / "load-client", "--server", address, "--rate", rate, *options, stdin=subprocess.PIPE)

    def wait_for(self, calls):
        """Until so many more calls have ended."""
        wanted = int(self.process.last("ended ")) + calls
        while int(self.process.wait_for("ended ")) < wanted:
            pass

    def finish(self):
        """Lets the calls under way end; for each code how many had it, and how long they took."""
        self.process.process.stdin.close()
        line = self.process.wait_for("{")
        assert self.process.process.wait(20) == 0
        self.report = json.loads("{" + line)
        print(self.report)
        return self.report["codes"]


class Callers:
    """Threads of grpcio that call without a pause, and count what became of their calls."""

    def __init__(self, address, call, threads):
        self.failures, self.calls, self._stop = [], 0, threading.Event()
        self._channel = grpc.insecure_channel(
            address, [("grpc.service_config", RETRIES), ("grpc.enable_retries", 1)])
        self._call, self._lock = call, threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stop.is_set():
            failure = None
            try:
                self._call(self._channel)
            except grpc.RpcError as error:
                failure = error.code(), error.details()
            with self._lock:
                self.calls += 1
                if failure:
                    self.failures.append(failure)

    def wait_for(self, calls):
        """Until so many more calls have ended."""
        wanted = self.calls + calls
        while self.calls < wanted:
            time.sleep(0.01)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._channel.close()
