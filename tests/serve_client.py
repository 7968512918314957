"""cellm serve as a child process, and requests to it with the standard library, for the tests of the server."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import threading

from harness import BIN, ROOT

MODEL = ROOT / "models" / "cellm-tiny"
TIMEOUT = 60


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def events(body):
    """The events of a stream: names and data, the data as JSON where it is."""
    found = []
    for block in body.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if not lines:
            continue
        name = "".join(line[7:] for line in lines if line.startswith("event: "))
        data = "".join(line[6:] for line in lines if line.startswith("data: "))
        found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found


class Server:
    """Runs until stop(); its log is in `lines`."""

    def __init__(self, *arguments, model=MODEL, threads=2, **options):
        self.process = subprocess.Popen(
            [BIN / "cellm", "serve", str(model), "--port", "0", "--threads", str(threads), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        self.lines = []
        self.port = None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r" at http://(\S+):(\d+), context", line):
                self.host, self.port = found[1].strip("[]"), int(found[2])
                break
        if self.port is None:
            raise AssertionError(f"the server did not start: {self.lines}")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def request(self, method, path, body=None, headers=None, timeout=TIMEOUT):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            sent = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, {**sent, **(headers or {})})
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def stream(self, path, body):
        """The events of a streamed answer."""
        reply = self.post(path, {**body, "stream": True})
        if reply.status != 200:
            raise AssertionError((reply.status, reply.body))
        return events(reply.body)

    def raw(self, data, timeout=TIMEOUT, is_last=False):
        """Everything the server sends in answer to some bytes (and no more, if it is told so), until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(data)
            if is_last:
                connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def metric(self, name):
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def stop(self):
        """The exit code."""
        if self.process.poll() is None:
            self.signal()
        try:
            code = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.reader.join(TIMEOUT)
        self.process.stderr.close()
        return code


def read_all(connection):
    received = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part
