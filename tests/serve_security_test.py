#!/usr/bin/env python3
"""cellm serve and clients that mean harm or go away: foreign pages, keys, rubbish, slowness, drains."""

import concurrent.futures
import json
import pathlib
import socket
import struct
import tempfile
import time
import unittest

from harness import run
from serve_client import MODEL, TIMEOUT, Server, read_all

CHAT = "/v1/chat/completions"
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
# The model never ends this by itself.
LONG = {"messages": [{"role": "user", "content": "Tell me a story about a fox."}], "max_tokens": 2000, "ignore_eos": True}
KEYS = ("sk-0123456789abcdef", "another-key-of-some-length")


def wait_for(condition, what):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen")
        time.sleep(0.02)


def head(method="POST", path=CHAT, *lines, host="localhost"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


def post(body, *lines):
    return head("POST", CHAT, "Content-Type: application/json", f"Content-Length: {len(body)}", *lines) + body


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer else None


class Pages(unittest.TestCase):
    """What a browser tells of the page behind a request."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-origin", "https://chat.example", "--allow-host", "llm.example")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def status(self, host=None, origin=None, path="/v1/models", method="GET"):
        headers = {"Host": host} if host else {}
        if origin:
            headers["Origin"] = origin
        self.reply = self.server.request(method, path, headers=headers)
        return self.reply.status

    def test_hosts(self):
        port = self.server.port
        for host in (f"localhost:{port}", "localhost", "LOCALHOST", f"127.0.0.1:{port}", "[::1]", f"[::1]:{port}", "192.168.1.5", "llm.example:80"):
            self.assertEqual(self.status(host), 200, host)
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "[::1", "a b", "localhost:x",
                     "localhost@evil.example", "llm.example.evil.example", "user:pass@localhost", ""):  # fmt: skip
            raw = self.server.raw(f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            self.assertEqual(status_of(raw), 403, host)
        both = self.server.raw(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        self.assertEqual(status_of(both), 400)
        self.assertEqual(status_of(self.server.raw(b"GET /v1/models HTTP/1.0\r\n\r\n")), 403)
        self.assertEqual(status_of(self.server.raw(b"GET /health HTTP/1.0\r\n\r\n")), 200)  # a balancer's check

    def test_origins(self):
        port = self.server.port
        own = f"http://127.0.0.1:{port}"
        for origin in (own, "http://localhost:3000", "http://[::1]:9"):
            self.assertEqual(self.status(origin=origin), 200, origin)
            self.assertNotIn("Access-Control-Allow-Origin", self.reply.headers)
        for origin in ("null", "https://evil.example", "http://localhost.evil.example", "http://evil.example:80", "file://", "x", "https://chat.example.evil.example",
                       "http://chat.example", "https://chat.example:444", "chrome-extension://x", "http://"):  # fmt: skip
            self.assertEqual(self.status(origin=origin), 403, origin)
            self.assertNotIn("Access-Control-Allow-Origin", self.reply.headers)
        self.assertEqual(self.status(origin="https://chat.example"), 200)
        self.assertEqual(self.reply.headers["Access-Control-Allow-Origin"], "https://chat.example")
        self.assertIn("Origin", self.reply.headers["Vary"])
        self.assertEqual(self.status(origin="http://llm.example", host="llm.example"), 200)  # its own

    def test_preflights(self):
        self.assertEqual(self.status(origin="https://chat.example", path=CHAT, method="OPTIONS"), 204)
        self.assertIn("POST", self.reply.headers["Access-Control-Allow-Methods"])
        # Any header; "*" alone does not stand for Authorization.
        self.assertEqual(self.reply.headers["Access-Control-Allow-Headers"], "Authorization, *")
        for origin in ("http://localhost:3000", "https://evil.example", None):
            self.assertEqual(self.status(origin=origin, path=CHAT, method="OPTIONS"), 403)

    def test_answers_are_not_guessed_at_or_kept(self):
        self.status()
        self.assertEqual(self.reply.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.reply.headers["Cache-Control"], "no-store")


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "keys"

    def write(self, text, mode=0o600):
        self.file.write_text(text)
        self.file.chmod(mode)

    def test_a_key_is_needed(self):
        self.write("\n".join(KEYS) + "\n\n")
        server = Server("--api-key-file", self.file)
        self.addCleanup(server.stop)
        for key in KEYS:
            for headers in ({"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}, {"X-Api-Key": key}):
                self.assertEqual(server.get("/v1/models", headers=headers).status, 200, headers)
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {KEYS[0]}x"}, {"Authorization": f"Bearer {KEYS[0][:-1]}"},
                        {"Authorization": f"Basic {KEYS[0]}"}, {"Authorization": KEYS[0]}, {"X-Api-Key": "\n".join(KEYS)[:10]}):  # fmt: skip
            for method, path in (("GET", "/v1/models"), ("POST", CHAT), ("GET", "/metrics"), ("POST", "/tokenize")):
                reply = server.request(method, path, b"{}" if method == "POST" else None, headers=headers)
                self.assertEqual(reply.status, 401, (headers, path))
                self.assertEqual(reply.json["error"]["code"], "invalid_api_key")
        self.assertEqual(server.get("/health").status, 200)
        for line in server.lines:
            self.assertFalse(any(key in line for key in KEYS), line)

    def test_metrics_may_be_open(self):
        self.write(KEYS[0])
        server = Server("--api-key-file", self.file, "--metrics-without-key")
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/metrics").status, 200)
        self.assertEqual(server.get("/metrics", headers={"Host": "evil.example"}).status, 403)
        self.assertEqual(server.get("/v1/models").status, 401)

    def test_files_that_are_refused(self):
        for text, mode in ((KEYS[0], 0o644), (KEYS[0], 0o640), ("", 0o600), ("short", 0o600), ("with a space in it 123", 0o600), ("é" * 20, 0o600)):
            self.write(text, mode)
            result = run("serve", MODEL, "--port", "0", "--api-key-file", self.file)
            self.assertEqual(result.returncode, 3, (text, result.stderr))
            self.assertNotIn(KEYS[0].encode(), result.stderr)
        self.assertEqual(run("serve", MODEL, "--api-key-file", self.file.with_name("none")).returncode, 2)


class Rubbish(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        if cls.server.stop() != 0:
            raise AssertionError(cls.server.lines[-5:])

    def refuse(self, data, *statuses, is_last=False):
        answer = self.server.raw(data, is_last=is_last)
        self.assertIn(status_of(answer), statuses, data[:80])
        if b"\r\n\r\n{" in answer:
            self.assertIn("message", json.loads(answer[answer.index(b"\r\n\r\n{") :])["error"])

    def test_malformed_requests(self):
        for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\xff\xfe\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n"):
            self.refuse(data, 400, 404, 403)
        self.refuse(b"BREW / HTTP/1.1\r\n\r\n", 405)
        self.refuse(b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414)
        self.refuse(b"GET /" + b"(" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404)

    def test_heads_without_end(self):
        self.refuse(head("GET", "/health", *[f"X-{i}: {'y' * 1000}" for i in range(100)]), 431)
        self.refuse(b"GET /health HTTP/1.1\r\n" + b"x" * 200_000, 400, 431)
        self.refuse(b"GET /" + b"x" * 200_000, 431)
        self.refuse(b"GET /health HTTP/1.1\nHost: localhost\n\n", 400)
        self.refuse(b"\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)

    def test_the_end_of_a_connection_is_announced(self):
        for data in (b"GET /" + b"x" * 200_000, b"GET /health HTTP/1.1\n\n", head("POST", "/nothing", "Content-Length: 5") + b"12345",
                     head("POST", CHAT, f"Content-Length: {9 << 20}"), head("GET", "/health", "X: " + "y" * 40_000)):  # fmt: skip
            headers = self.server.raw(data).split(b"\r\n\r\n")[0]
            self.assertIn(b"\r\nConnection: close", headers, data[:40])
            self.assertIn(b"\r\nX-Content-Type-Options: nosniff", headers, data[:40])

    def test_lengths_that_are_not_clear(self):
        body = b'{"messages": []}'
        chunked = b"10\r\n" + body + b"\r\n0\r\n\r\n"
        self.refuse(head("POST", CHAT, "Connection: close"), 411)
        self.refuse(head("POST", CHAT, "Content-Length: 5", "Content-Length: 16") + body, 400)
        self.refuse(head("POST", CHAT, "Content-Length: 16", "Transfer-Encoding: chunked") + chunked, 400)
        self.refuse(head("POST", CHAT, "Transfer-Encoding: gzip, chunked") + chunked, 400)
        self.refuse(head("POST", CHAT, "Content-Length: -1") + body, 400)
        self.refuse(head("POST", CHAT, "Content-Length : 16", "Content-Length: 16") + body, 400)
        self.refuse(head("POST", CHAT, "X: y", " Content-Length: 16", "Content-Length: 16") + body, 400)
        self.refuse(head("POST", CHAT, "X: y\nContent-Length: 0", "Content-Length: 16") + body, 400)
        self.refuse(head("POST", CHAT, "Content-Length: 99999999999999999999999") + body, 400, 413)
        self.refuse(head("POST", CHAT, "Content-Length: 0x10") + body, 400)
        for size in (b"zz", b"-2", b"fffffffffffffffe", b""):
            self.refuse(head("POST", CHAT, "Transfer-Encoding: chunked", "Connection: close") + size + b"\r\n" + body, 400, is_last=True)
        self.refuse(head("POST", CHAT, "Transfer-Encoding: chunked", "Connection: close") + chunked, 400)  # whole, and no messages

    def test_bodies_that_are_too_large_or_encoded(self):
        self.refuse(head("POST", CHAT, f"Content-Length: {9 << 20}") + b"x" * (9 << 20), 413)
        large = b"".join(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n" for _ in range(12)) + b"0\r\n\r\n"
        self.refuse(head("POST", CHAT, "Transfer-Encoding: chunked") + large, 413)
        self.refuse(post(b"{}", "Content-Encoding: gzip", "Connection: close"), 415)
        self.refuse(head("POST", CHAT, "Content-Type: multipart/form-data; boundary=x", "Content-Length: 2", "Connection: close") + b"{}", 415)

    def test_a_refused_body_is_not_the_next_request(self):
        inner = head("GET", "/health")
        answer = self.server.raw(head("POST", "/nothing", f"Content-Length: {len(inner)}") + inner)
        self.assertEqual(answer.count(b"HTTP/1.1"), 1)

    def test_requests_follow_each_other_on_a_connection(self):
        body = json.dumps({"content": "a fox"}).encode()
        one = head("POST", "/tokenize", f"Content-Length: {len(body)}") + body
        answer = self.server.raw(one + head("GET", "/health") + head("GET", "/health", "Connection: close"))
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 3)


class Slow(unittest.TestCase):
    def test_clients_that_send_slowly_are_dropped(self):
        server = Server()
        self.addCleanup(server.stop)
        slow = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(slow.close)
        stalled = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(stalled.close)
        stalled.sendall(b"GET /hea")
        start = time.monotonic()
        slow.settimeout(1)
        received = b""
        request = head("GET", "/health", *["X: y"] * 20)
        begin = request.index(b"\n") + 1
        for part in [request[:begin]] + [request[i : i + 1] for i in range(begin, len(request))]:
            try:
                slow.sendall(part)
                received += slow.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                break
            if received:
                break
        self.assertIn(b" 408 ", received)
        stalled.settimeout(20)
        self.assertIn(b" 408 ", stalled.recv(1000))
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(server.get("/health").status, 200)

    def test_many_idle_connections_do_not_keep_others_out(self):
        server = Server()
        self.addCleanup(server.stop)
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        self.assertEqual(server.get("/health").status, 200)
        more = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        crowded = [read_all(one) for one in more[-10:]]
        for one in idle + more:
            one.close()
        self.assertTrue(all(status_of(answer) == 503 for answer in crowded), crowded)
        wait_for(lambda: server.raw(head("GET", "/health", "Connection: close")).startswith(b"HTTP/1.1 200"), "a free place")


class Leaving(unittest.TestCase):
    """Clients that go away, and a server that does."""

    def setUp(self):
        self.server = Server("--max-sequences", "1", "--max-queue", "1", "--drain-seconds", "20")
        self.addCleanup(self.server.stop)

    def start(self, **fields):
        body = json.dumps({**LONG, **fields}).encode()
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.sendall(post(body))
        return connection

    def running(self):
        return self.server.metric("cellm_requests_running")

    def test_a_client_that_leaves_cancels(self):
        for stream in (True, False):
            for reset in (True, False):
                connection = self.start(stream=stream)
                wait_for(lambda: self.running() == 1, "the start")
                if reset:  # the end of a process that is killed
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                begin = time.monotonic()
                connection.close()
                wait_for(lambda: self.running() == 0, "the end")
                self.assertLess(time.monotonic() - begin, 5)
        self.assertGreaterEqual(self.server.metric("cellm_requests_cancelled_total"), 4)

    def test_a_full_queue(self):
        first = self.start(stream=True)
        wait_for(lambda: self.running() == 1, "the start")
        second = self.start(stream=True)
        wait_for(lambda: self.server.metric("cellm_requests_waiting") == 1, "the wait")
        reply = self.server.post(CHAT, LONG)
        self.assertEqual(reply.status, 429)
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)
        self.assertEqual(reply.json["error"]["code"], "queue_full")
        health = self.server.get("/health")
        self.assertEqual((health.status, health.json), (503, {"status": "full"}))
        self.assertEqual(self.server.get("/health?live=1").status, 200)
        first.close()
        second.close()
        wait_for(lambda: self.server.get("/health").status == 200, "room")

    def test_a_drain_lets_answers_end(self):
        connection = self.start(stream=True, max_tokens=400)
        wait_for(lambda: self.running() == 1, "the start")
        self.server.signal()
        wait_for(lambda: self.server.get("/health").json == {"status": "draining"}, "the drain")
        self.assertEqual(self.server.get("/health").status, 503)
        self.assertEqual(self.server.get("/health?live=1").status, 200)
        refused = self.server.post(CHAT, LONG)
        self.assertEqual((refused.status, refused.json["error"]["code"]), (503, "draining"))
        self.assertIn("Retry-After", refused.headers)
        answer = read_all(connection)
        self.assertTrue(answer.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), answer[-100:])
        self.assertEqual(self.server.process.wait(TIMEOUT), 0)

    def test_a_second_signal_breaks_off(self):
        connection = self.start(stream=True)
        wait_for(lambda: self.running() == 1, "the start")
        self.server.signal()
        wait_for(lambda: self.server.get("/health").json == {"status": "draining"}, "the drain")
        self.server.signal()
        self.assertIn(b'"draining"', read_all(connection))
        self.assertEqual(self.server.process.wait(TIMEOUT), 130)

    def test_an_idle_server_ends_at_once(self):
        idle = socket.create_connection(("127.0.0.1", self.server.port))
        self.addCleanup(idle.close)
        time.sleep(0.2)
        begin = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_port_that_is_taken(self):
        result = run("serve", MODEL, "--port", str(self.server.port))
        self.assertEqual(result.returncode, 5)
        self.assertIn(b"cannot listen", result.stderr)


class Load(unittest.TestCase):
    def test_answers_in_company_are_those_alone(self):
        server = Server("--max-sequences", "4")
        self.addCleanup(server.stop)
        bodies = [{"messages": [{"role": "user", "content": f"Tell me a story about a {animal}."}], "seed": i, "max_tokens": 60}
                  for i, animal in enumerate(("fox", "dog", "cat", "bird", "bear", "horse", "fish", "hen"))]  # fmt: skip
        answer = lambda body: server.post(CHAT, body).json["choices"][0]["message"]["content"]
        alone = [answer(body) for body in bodies]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            together = list(pool.map(answer, bodies * 2))
        self.assertEqual(together, alone * 2)


if __name__ == "__main__":
    unittest.main()
