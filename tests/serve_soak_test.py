"""Random clients of one server: they ask, cancel, stall, read slowly and send rubbish. Every answer must be that of the same
request alone, and the memory must come back within its budget.

Runs for CELLM_SOAK_SECONDS (15; the long form is scripts/soak.sh) from the seed CELLM_SEED. CELLM_SOAK_MARGIN_MB is for
builds that need more memory than others.
"""

import contextlib
import http.client
import json
import os
import pathlib
import random
import socket
import sys
import threading
import time
import unittest

import serve_client
from serve_client import TIMEOUT

SECONDS = float(os.environ.get("CELLM_SOAK_SECONDS", "15"))
SEED = int(os.environ.get("CELLM_SEED", str(random.randrange(1 << 30))))
CLIENTS = 12
CACHE_BYTES = 96 << 20
# Beyond the state at the start and the cache's budget: buffers of connections and of the allocator.
MARGIN_BYTES = int(os.environ.get("CELLM_SOAK_MARGIN_MB", "96")) << 20
HEADERS = {"Content-Type": "application/json"}


def requests_to_repeat(chance):
    """Requests of many kinds with long and short prompts that share beginnings."""
    beginnings = ["You are a helpful assistant. " * n for n in (1, 8, 40)]
    questions = ["What is the sea?", "Count to ten.", "Who are you?", "Write a list of three colours."]
    requests = []
    for number in range(24):
        messages = [{"role": "system", "content": chance.choice(beginnings)}] if number % 3 else []
        for turn in range(chance.randrange(3)):
            messages.append({"role": "user", "content": chance.choice(questions)})
            messages.append({"role": "assistant", "content": f"Answer {turn}."})
        messages.append({"role": "user", "content": chance.choice(questions)})
        requests.append({
            "model": "any", "messages": messages, "max_tokens": chance.choice((1, 8, 40)),
            "temperature": chance.choice((0, 0.8)), "seed": number,
        })  # fmt: skip
    return requests


class Client(threading.Thread):
    def __init__(self, port, seed, requests, answers, deadline):
        super().__init__(daemon=True)
        self.port, self.chance, self.requests, self.answers = port, random.Random(seed), requests, answers
        self.deadline = deadline
        self.counts = {}
        self.faults = []

    def run(self):
        actions = [self.ask, self.ask, self.stream, self.stream, self.cancel, self.leave_before_the_answer, self.stall,
                   self.read_slowly, self.send_rubbish, self.send_wrong_json, self.look_around]  # fmt: skip
        while time.monotonic() < self.deadline and not self.faults:
            action = self.chance.choice(actions)
            try:
                action()
                self.counts[action.__name__] = self.counts.get(action.__name__, 0) + 1
            except AssertionError as fault:
                self.faults.append(f"{action.__name__}: {fault}")
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(f"{action.__name__}: {type(fault).__name__} {fault}")

    @contextlib.contextmanager
    def posted(self, body, path="/v1/chat/completions"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), HEADERS)
            yield connection, connection.getresponse()
        finally:
            connection.close()

    def some(self):
        number = self.chance.randrange(len(self.requests))
        return number, self.requests[number]

    def check(self, number, text):
        assert text == self.answers[number], f"request {number}: {text!r} instead of {self.answers[number]!r}"

    def ask(self):
        number, body = self.some()
        with self.posted(body) as (_, reply):
            text = reply.read()
            if reply.status == 429:
                assert int(reply.headers["Retry-After"]) >= 0
                return
            assert reply.status == 200, (reply.status, text[:300])
            self.check(number, json.loads(text)["choices"][0]["message"]["content"])

    def events(self, reply):
        for line in iter(reply.readline, b""):
            if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                yield json.loads(line[6:])

    def stream(self):
        number, body = self.some()
        with self.posted({**body, "stream": True}) as (_, reply):
            if reply.status == 429:
                return
            assert reply.status == 200, reply.status
            text = ""
            for event in self.events(reply):
                assert "error" not in event, event
                for choice in event["choices"]:
                    text += choice["delta"].get("content") or ""
            self.check(number, text)

    def cancel(self):
        number, body = self.some()
        with self.posted({**body, "stream": True, "max_tokens": 200}) as (_, reply):
            for _ in range(self.chance.randrange(6)):
                reply.readline()

    def raw(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        return contextlib.closing(connection)

    def message(self, body):
        text = json.dumps(body).encode()
        return (b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(text)) + text  # fmt: skip

    def leave_before_the_answer(self):
        _, body = self.some()
        with self.raw() as connection:
            connection.sendall(self.message({**body, "max_tokens": 200}))
            time.sleep(self.chance.random() * 0.2)

    def stall(self):
        _, body = self.some()
        message = self.message(body)
        with self.raw() as connection:
            connection.sendall(message[: self.chance.randrange(1, len(message))])
            time.sleep(self.chance.random() * 2)

    def read_slowly(self):
        _, body = self.some()
        with self.raw() as connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.sendall(self.message({**body, "stream": True, "max_tokens": 200}))
            for _ in range(self.chance.randrange(40)):
                if not connection.recv(64):
                    break
                time.sleep(0.02)

    def send_rubbish(self):
        with self.raw() as connection, contextlib.suppress(OSError):
            kind = self.chance.randrange(4)
            if kind == 0:
                connection.sendall(self.chance.randbytes(self.chance.randrange(1, 4000)))
            elif kind == 1:
                connection.sendall(b"GET / HTTP/1.1\r\n" + b"X-Header: " + b"a" * self.chance.randrange(100000))
            elif kind == 2:
                connection.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{")
            else:
                connection.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   b"ffffffffffffffff\r\n")  # fmt: skip
            connection.settimeout(self.chance.random())
            connection.recv(4096)

    def send_wrong_json(self):
        _, body = self.some()
        text = bytearray(json.dumps(body).encode())
        for _ in range(self.chance.randrange(1, 8)):
            text[self.chance.randrange(len(text))] = self.chance.randrange(256)
        with self.posted(bytes(text)) as (_, reply):
            reply.read()
            assert reply.status < 500, (reply.status, bytes(text))

    def look_around(self):
        path = self.chance.choice(("/health", "/metrics", "/v1/models", "/tokenizer_info", "/", "/nothing", "/openapi.json"))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            reply.read()
            assert reply.status < 500 or path == "/health", (path, reply.status)
        finally:
            connection.close()


def resident_bytes(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


class SoakTest(unittest.TestCase):
    def answer_alone(self, server, body):
        reply = server.post("/v1/chat/completions", {**body, "cache_prompt": False})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json["choices"][0]["message"]["content"]

    def test_random_clients(self):
        print(f"seed {SEED}", file=sys.stderr)
        server = serve_client.Server("--max-sequences", 6, "--cache-bytes", CACHE_BYTES)
        self.addCleanup(server.stop)
        requests = requests_to_repeat(random.Random(SEED))
        answers = [self.answer_alone(server, body) for body in requests]
        before = resident_bytes(server.process)
        deadline = time.monotonic() + SECONDS
        clients = [Client(server.port, SEED + 1 + i, requests, answers, deadline) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(SECONDS + 3 * TIMEOUT)
            self.assertFalse(client.is_alive(), "a client waits for ever")
        self.assertIsNone(server.process.poll(), server.lines[-20:])
        self.assertEqual([fault for client in clients for fault in client.faults], [], server.lines[-20:])

        deadline = time.monotonic() + TIMEOUT
        while server.metric("cellm_requests_running") + server.metric("cellm_requests_waiting") > 0:
            self.assertLess(time.monotonic(), deadline, "requests of clients that have left still run")
            time.sleep(0.05)
        self.assertLessEqual(resident_bytes(server.process), before + CACHE_BYTES + MARGIN_BYTES)
        self.assertEqual([self.answer_alone(server, body) for body in requests], answers)

        total = {}
        for client in clients:
            for name, count in client.counts.items():
                total[name] = total.get(name, 0) + count
        print(json.dumps({**total, "resident_growth_bytes": resident_bytes(server.process) - before}), file=sys.stderr)
        self.assertEqual(server.stop(), 0, server.lines[-20:])


if __name__ == "__main__":
    unittest.main()
