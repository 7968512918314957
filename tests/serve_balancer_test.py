"""Two servers behind HAProxy with deploy/haproxy/haproxy.cfg: conversations stay with a server, one may die in the middle of
an answer, the other may drain."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import serve_client
from harness import ROOT
from serve_client import TIMEOUT

CONFIG = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
HAPROXY = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what):
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError(f"not within {TIMEOUT} s: {what}")


def request(port, method, path, body=None, headers=()):
    """Status, headers and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, json.dumps(body) if body else None,
                           {"Content-Type": "application/json", **dict(headers)})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def chat(messages, **more):
    return {"model": "any", "messages": messages, "max_tokens": 16, "temperature": 0, **more}


class BalancerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cellm_balancer_"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def server(self):
        """`cellm serve` with one thread."""
        server = serve_client.Server(threads=1)
        self.addCleanup(server.stop)
        return server

    def balance(self, servers, change=lambda text: text):
        """Starts HAProxy in front of two servers; its port."""
        port = free_port()
        config = self.folder / "haproxy.cfg"
        config.write_text(change(CONFIG.read_text()))
        self.admin = self.folder / f"admin{port}"
        process = subprocess.Popen(
            [HAPROXY, "-f", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "BIND": f"127.0.0.1:{port}", "STATS_SOCKET": str(self.admin),
                 "SERVER1": f"127.0.0.1:{servers[0].port}", "SERVER2": f"127.0.0.1:{servers[1].port}"})  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: request(port, "GET", "/health")[0] == 200, "HAProxy is up")
        return port

    def administer(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(str(self.admin))
            connection.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    def wait_for_the_end(self):
        """HAProxy counts a request somewhat longer than its client sees it, and the bound on a server's load may then move the next one."""

        def running():
            rows = [line.split(",") for line in self.administer("show stat").splitlines()]
            (scur,) = [row[4] for row in rows if row[:2] == ["cellm", "BACKEND"]]
            return int(scur)

        wait_for(lambda: running() == 0, "the end of a request")

    def ask(self, port, messages, **headers):
        status, reply_headers, body = request(
            port, "POST", "/v1/chat/completions", chat(messages), headers.items())  # fmt: skip
        self.assertEqual(status, 200, body)
        reply = json.loads(body)
        return reply_headers["X-Served-By"], reply["choices"][0]["message"]["content"], reply["usage"]

    def converse(self, port, conversations, turns):
        """Conversations that take turns; the servers of each, and the share of tokens that needed no reading."""
        histories = [[] for _ in range(conversations)]
        served = [set() for _ in range(conversations)]
        prompt = cached = 0
        for turn in range(turns):
            for number, history in enumerate(histories):
                history.append({"role": "user", "content": f"Conversation {number}, question {turn}: what is the sea?"})
                name, answer, usage = self.ask(port, history)
                self.wait_for_the_end()
                history.append({"role": "assistant", "content": answer})
                served[number].add(name)
                if turn > 0:
                    prompt += usage["prompt_tokens"]
                    cached += usage["prompt_tokens_details"]["cached_tokens"]
        return served, cached / prompt

    def test_conversations_stay_with_a_server_and_reuse_what_it_read(self):
        servers = [self.server(), self.server()]
        port = self.balance(servers)
        served, hits = self.converse(port, conversations=7, turns=4)
        self.assertTrue(all(len(names) == 1 for names in served), served)
        self.assertEqual(set.union(*served), {"cellm1", "cellm2"})

        spread = self.balance(
            [self.server(), self.server()],
            lambda text: text.replace("balance hash var(txn.conversation)", "balance roundrobin"))  # fmt: skip
        spread_served, spread_hits = self.converse(spread, conversations=7, turns=4)
        self.assertTrue(all(len(names) == 2 for names in spread_served), spread_served)
        print(f"tokens not read again: {hits:.3f} by hash, {spread_hits:.3f} by round robin", file=sys.stderr)
        self.assertGreater(hits, spread_hits)

    def test_the_session_header_decides_before_the_message(self):
        port = self.balance([self.server(), self.server()])
        for session in ("a", "b", "c", "d"):
            names = set()
            for i in range(4):
                names.add(self.ask(port, [{"role": "user", "content": f"question {i}"}], **{"X-Session-Id": session})[0])
                self.wait_for_the_end()
            self.assertEqual(len(names), 1, session)

    def test_messages_in_parts_and_long_ones_decide_too(self):
        port = self.balance([self.server(), self.server()])
        long_text = "The sea is wide. " * 20
        for content in ([{"type": "text", "text": "in parts"}], long_text):
            names = set()
            for turn in range(4):
                messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "Yes."}]
                messages.append({"role": "user", "content": f"Turn {turn}"})
                names.add(self.ask(port, messages)[0])
                self.wait_for_the_end()
            self.assertEqual(len(names), 1)

    def begin_stream(self, port, session):
        """An answer of many tokens, of which the first has arrived; its server and its reply."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        body = chat([{"role": "user", "content": "Tell me a story."}], stream=True, ignore_eos=True)
        connection.request("POST", "/v1/chat/completions", json.dumps({**body, "max_tokens": 400}),
                           {"Content-Type": "application/json", "X-Session-Id": session})  # fmt: skip
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.readline().startswith(b"data: "))
        return reply.headers["X-Served-By"], reply

    def rest(self, reply):
        """The rest of a stream as far as it arrived."""
        lines = []
        with contextlib.suppress(OSError, http.client.HTTPException):
            for line in iter(reply.readline, b""):
                lines.append(line)
        return b"".join(lines)

    def test_a_server_dies_and_the_other_takes_over(self):
        servers = dict(zip(("cellm1", "cellm2"), [self.server(), self.server()]))
        port = self.balance(list(servers.values()))
        name, reply = self.begin_stream(port, "s")
        servers[name].signal(signal.SIGKILL)
        self.assertNotIn(b"[DONE]", self.rest(reply))  # the loss is seen, not hidden
        for question in range(4):
            other, _, _ = self.ask(port, [{"role": "user", "content": f"Again {question}"}], **{"X-Session-Id": "s"})
            self.assertNotEqual(other, name)

    def test_a_server_drains_and_ends_what_it_began(self):
        servers = dict(zip(("cellm1", "cellm2"), [self.server(), self.server()]))
        port = self.balance(list(servers.values()))
        name, reply = self.begin_stream(port, "s")
        draining = servers[name]
        draining.signal()
        for question in range(4):
            other, _, _ = self.ask(port, [{"role": "user", "content": f"Again {question}"}], **{"X-Session-Id": "s"})
            self.assertNotEqual(other, name)
        self.assertIn(b"[DONE]", self.rest(reply))
        self.assertEqual(draining.process.wait(TIMEOUT), 0)

    def test_an_administrator_drains_a_server(self):
        port = self.balance([self.server(), self.server()])
        name, _, _ = self.ask(port, [{"role": "user", "content": "First"}], **{"X-Session-Id": "s"})
        self.administer(f"set server cellm/{name} state drain")
        other, _, _ = self.ask(port, [{"role": "user", "content": "Second"}], **{"X-Session-Id": "s"})
        self.assertNotEqual(other, name)
        self.administer(f"set server cellm/{name} state ready")
        again, _, _ = self.ask(port, [{"role": "user", "content": "Third"}], **{"X-Session-Id": "s"})
        self.assertEqual(again, name)


if __name__ == "__main__":
    if HAPROXY is None:
        print("haproxy is not installed", file=sys.stderr)
        sys.exit(77)
    unittest.main()
