"""A Hugging Face hub on the loopback: the parts of its protocol that downloads use, and faults to order.

Two servers: the hub itself, and the host of large files, to which the hub redirects. A file is "large" (LFS) if its name
ends in .safetensors or .gguf.
"""

import dataclasses
import functools
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

LARGE = (".safetensors", ".gguf")
CHUNK = 16384


@functools.lru_cache(maxsize=64)
def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(path):
    return path.endswith(LARGE)


@functools.lru_cache(maxsize=64)
def sha256(content):
    return hashlib.sha256(content).hexdigest()


def blob_hash(path, content):
    """What the hub gives as the file's ETag, and huggingface_hub names the blob by."""
    return sha256(content) if is_large(path) else git_hash(content)


@dataclasses.dataclass
class Fault:
    """Something that goes wrong with requests whose path contains `path`, `times` times."""

    path: str = ""
    times: int = 1
    method: str = ""
    host: str = ""  # "hub" or "files"; any
    skip: int = 0  # requests that go well before
    status: int = 0  # answer with this status
    headers: dict = dataclasses.field(default_factory=dict)  # replaced, or left out if None
    cut: int = -1  # close the connection after so many bytes of the body
    flip: int = -1  # change this byte of the file
    more: bytes = b""  # send more than announced
    body: bytes = None  # instead of the reply
    ranges: bool = True  # whether Range is understood

    def takes(self, handler):
        if self.times == 0 or self.path not in handler.path:
            return False
        if (self.method and self.method != handler.command) or (self.host and self.host != handler.host):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Repository:
    def __init__(self, files, token=None, gated=False):
        self.token, self.gated = token, gated
        self.commits, self.revisions = {}, {}
        self.commit(files)

    def commit(self, files, revision="main"):
        text = "".join(f"{path} {blob_hash(path, content)}\n" for path, content in sorted(files.items()))
        name = hashlib.sha1(text.encode()).hexdigest()
        self.commits[name] = dict(files)
        self.revisions[revision] = name
        return name


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    host = ""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        hub = self.server.hub
        with hub.lock:
            hub.log.append((self.host, self.command, self.path, dict(self.headers)))
            self.fault = next((fault for fault in hub.faults if fault.takes(self)), Fault())
        if self.fault.status:
            return self.send(self.fault.status, {}, self.fault.body or b"fault")
        if self.fault.body is not None:
            return self.send(200, {}, self.fault.body)
        self.reply()

    def refuse(self, status, code):
        self.send(status, {"X-Error-Code": code, "X-Error-Message": code}, b"{}")

    def send(self, status, headers, body):
        headers = {"Content-Length": str(len(body)), **headers, **self.fault.headers}
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        end = len(body) if self.fault.cut < 0 else min(self.fault.cut, len(body))
        hub = self.server.hub
        try:
            for begin in range(0, end, CHUNK):
                piece = body[begin : min(begin + CHUNK, end)]
                self.wfile.write(piece)
                with hub.lock:
                    hub.sent += len(piece)
                if hub.bytes_per_second:
                    time.sleep(len(piece) / hub.bytes_per_second)
            self.wfile.write(self.fault.more)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
        if self.fault.cut >= 0 or self.fault.more:
            self.close_connection = True

    def send_file(self, content, etag, headers):
        if self.fault.flip >= 0:
            content = bytearray(content)
            content[self.fault.flip] ^= 1
            content = bytes(content)
        headers = {"ETag": etag, **headers}
        etag = {**headers, **self.fault.headers}["ETag"]
        wanted = self.headers.get("Range")
        if not wanted or not self.fault.ranges or self.headers.get("If-Range", etag) != etag:
            return self.send(200, headers, content)
        first, last = wanted.removeprefix("bytes=").split("-")
        begin, end = int(first), min(int(last or len(content)) + 1, len(content))
        if begin >= len(content):
            return self.send(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(content)}"
        return self.send(206, headers, content[begin:end])


class HubHandler(Handler):
    host = "hub"

    def reply(self):
        path = urllib.parse.urlsplit(self.path).path
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        if len(parts) < 4:
            return self.refuse(404, "Unknown")
        if parts[:2] == ["api", "models"]:
            name, action, revision, rest = "/".join(parts[2:4]), parts[4], parts[5], ""
        else:
            name, action, revision, rest = "/".join(parts[:2]), parts[2], parts[3], "/".join(parts[4:])
        hub = self.server.hub
        if name in hub.moved:
            return self.send(307, {"Location": self.path.replace(name, hub.moved[name], 1)}, b"moved")
        repository = hub.repositories.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repository is None or (repository.token not in (None, token) and not repository.gated):
            return self.refuse(404 if token else 401, "RepoNotFound")
        commit = repository.revisions.get(revision, revision)
        if commit not in repository.commits:
            return self.refuse(404, "RevisionNotFound")
        files = repository.commits[commit]
        if action == "revision":
            return self.send_json({"id": name, "sha": commit, "gated": repository.gated,
                                   "siblings": [{"rfilename": file} for file in files]})  # fmt: skip
        if repository.token not in (None, token):
            return self.refuse(403 if token else 401, "GatedRepo")
        if action == "tree":
            return self.send_json([self.tree_entry(file, content) for file, content in files.items()])
        return self.resolve(commit, files, rest)

    def send_json(self, value):
        self.send(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def tree_entry(self, file, content):
        entry = {"type": "file", "path": file, "size": len(content), "oid": git_hash(content)}
        if is_large(file):
            entry["lfs"] = {"oid": blob_hash(file, content), "size": len(content), "pointerSize": 134}
        return entry

    def resolve(self, commit, files, file):
        if file not in files:
            self.fault.headers["X-Repo-Commit"] = commit
            return self.refuse(404, "EntryNotFound")
        content, headers = files[file], {"X-Repo-Commit": commit}
        etag = f'"{blob_hash(file, content)}"'
        if not is_large(file):
            return self.send_file(content, etag, headers)
        hub = self.server.hub
        address = f"{hub.files_address}/{blob_hash(file, content)}?signature={hub.signature}"
        linked = {"X-Linked-ETag": etag, "X-Linked-Size": str(len(content)), "Location": address}
        return self.send(302, {**headers, **linked}, b"elsewhere")


class FilesHandler(Handler):
    """The host of large files: addresses are signed, and it wants no token of the hub."""

    host = "files"

    def reply(self):
        address = urllib.parse.urlsplit(self.path)
        name, hub = address.path.strip("/"), self.server.hub
        if self.headers.get("Authorization") or address.query != f"signature={hub.signature}":
            return self.send(403, {}, b"not signed")
        content = hub.large_file(name)
        return self.send(404, {}, b"") if content is None else self.send_file(content, f'"{name[:16]}-7"', {})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Hub:
    """`with Hub() as hub:` serves hub.repositories at hub.endpoint; with `tls`, an ssl.SSLContext, by https."""

    def __init__(self, tls=None):
        self.tls = tls
        self.lock = threading.Lock()
        self.repositories, self.moved = {}, {}
        self.faults, self.log = [], []
        self.sent = 0  # bytes of bodies
        self.bytes_per_second = 0  # of each connection; 0: no limit
        self.signature = 1
        self.servers = []

    def __enter__(self):
        for handler in (HubHandler, FilesHandler):
            server = Server(("127.0.0.1", 0), handler)
            server.hub = self
            if self.tls:  # the handshake is a matter of the connection's thread
                server.socket = self.tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self.servers.append(server)
        scheme = "https" if self.tls else "http"
        self.endpoint, self.files_address = (f"{scheme}://127.0.0.1:{server.server_address[1]}" for server in self.servers)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def large_file(self, name):
        for repository in self.repositories.values():
            for files in repository.commits.values():
                for path, content in files.items():
                    if is_large(path) and blob_hash(path, content) == name:
                        return content
        return None

    def requests(self, host="", path=""):
        with self.lock:
            return [entry for entry in self.log if entry[0].startswith(host) and path in entry[2]]
