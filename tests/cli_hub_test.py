#!/usr/bin/env python3
"""Models by name: download from a hub on the loopback, the cache as huggingface_hub has it, conversion, and faults."""

import hashlib
import json
import os
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
import unittest

from harness import BIN, ROOT, CommandTest, byte_tokenizer, run
from hub_server import Fault, Hub, Repository, blob_hash, git_hash

GGUF = ROOT / "testdata" / "gguf"
MIB = 1 << 20
INFER = ("--prompt", "The", "--gen", 8, "--temperature", 0, "-q")


class HubTest(CommandTest):
    """A hub with a model in a folder, org/llama, and one in a file, org/file:m.gguf."""

    def make_hub(self):
        return Hub()

    def setUp(self):
        super().setUp()
        self.hub = self.make_hub()
        self.hub.__enter__()
        self.addCleanup(self.hub.__exit__)
        self.local = self.copy_model("llama", "local")
        (self.local / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.files = {path.name: path.read_bytes() for path in self.local.iterdir()}
        extra = {"README.md": b"text", "pytorch_model.bin": b"pickle", "onnx/model.safetensors": b"other"}
        self.repository = Repository({**self.files, **extra})
        self.hub.repositories["org/llama"] = self.repository
        self.home = self.folder / "home"
        self.cache = self.home / ".cache" / "huggingface" / "hub"
        self.converted = self.home / ".cache" / "cellm"

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("HF_", "HUGGING", "XDG_", "TRANSFORMERS", "SSL_", "CURL_", "REQUESTS_"))
                and "proxy" not in name.lower()}  # fmt: skip
        return {**kept, "HOME": str(self.home), "HF_ENDPOINT": self.hub.endpoint, **more}

    def pull(self, *arguments, **more):
        return self.succeed("pull", *arguments, env=self.environment(**more)).stdout.decode().strip()

    def refused(self, code, part, *arguments, **more):
        return self.fail_with(code, part, *arguments, env=self.environment(**more))

    def start(self, *arguments):
        return subprocess.Popen([BIN / "cellm", *map(str, arguments)], env=self.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def wait_until(self, process, condition):
        while process.poll() is None and not condition():
            time.sleep(0.002)

    def add_file(self, size, name="m.gguf", **options):
        """A repository org/file with a large file of random bytes, which is never opened."""
        content = random.Random(size).randbytes(size)
        self.hub.repositories["org/file"] = Repository({name: content}, **options)
        return content

    def check_cache(self):
        """Whatever has a final name is whole: blobs by their hash, links by their blobs."""
        for path in self.cache.glob("models--*/blobs/*"):
            content = path.read_bytes()
            if not path.name.endswith(".incomplete"):
                self.assertIn(path.name, (hashlib.sha256(content).hexdigest(), git_hash(content)))
        for path in self.cache.glob("models--*/snapshots/**/*"):
            self.assertFalse(path.is_symlink() and not path.exists(), path)
        for ref in self.cache.glob("models--*/refs/*"):
            self.assertTrue((ref.parent.parent / "snapshots" / ref.read_text()).is_dir(), ref)

    def done_bytes(self, size):
        """Of the one unfinished download of so many bytes, by what it says itself."""
        (path,) = self.unfinished()
        counts = path.read_bytes()[size + 8 + 8 + 8 + 256 :]
        return sum(struct.unpack(f"<{len(counts) // 8}Q", counts))

    def unfinished(self):
        return sorted(self.cache.glob("models--*/blobs/*.incomplete"))

    def refs(self):
        return sorted(self.cache.glob("models--*/refs/*"))


class Pulling(HubTest):
    def test_one_name_is_enough(self):
        expected = self.folder / "expected.cellm"
        self.succeed("convert", "-i", self.local, "-o", expected, "--format", "int4-g32", "--packed", "--text-only", "-q")
        wanted = self.succeed("infer", "-m", expected, *INFER).stdout
        first = self.succeed("infer", "-m", "org/llama", *INFER[:-1], env=self.environment())
        self.assertEqual(first.stdout, wanted)
        self.assertIn(b"org/llama: converting once to int4-g32, kept in ", first.stderr)
        commit = self.repository.revisions["main"]
        path = self.converted / "org" / "llama" / commit / "int4-g32.cellm"
        self.assertEqual(path.read_bytes(), expected.read_bytes())
        self.check_cache()
        self.hub.log.clear()
        again = self.succeed("infer", "-m", "org/llama", *INFER, env=self.environment())
        self.assertEqual((again.stdout, again.stderr), (wanted, b""))
        offline = self.succeed("infer", "-m", "org/llama", *INFER, env=self.environment(HF_HUB_OFFLINE="1"))
        self.assertEqual(offline.stdout, wanted)
        self.assertEqual(self.hub.log, [])

    def add_talking_model(self):
        """org/tiny, a model that answers."""
        files = {path.name: path.read_bytes() for path in (ROOT / "models" / "cellm-tiny").iterdir()}
        self.hub.repositories["org/tiny"] = Repository(files)

    def chat(self, **options):
        return run("chat", "org/tiny", "--temperature", 0, input=b"What is the capital of France?\n",
                   env=self.environment(), **options)  # fmt: skip

    def test_a_conversation_by_name(self):
        self.add_talking_model()
        first = self.chat()
        self.assertEqual((first.returncode, first.stdout), (0, b"The capital of France is Paris.\n"), first.stderr)
        self.assertIn(b"converting once to int4-g32", first.stderr)
        self.hub.log.clear()
        again = self.chat()
        self.assertEqual((again.stdout, again.stderr), (first.stdout, b""))
        self.assertEqual(self.hub.log, [])

    def test_a_conversation_begins_after_kills_and_ctrl_c(self):
        self.add_talking_model()
        self.hub.bytes_per_second = 4 * MIB
        chosen = random.Random(3)
        for number in range(8):
            process = self.start("chat", "org/tiny", "--temperature", 0)
            time.sleep(chosen.uniform(0.0, 0.8))
            process.send_signal(signal.SIGINT if number % 2 else signal.SIGKILL)
            _, message = process.communicate(timeout=60)
            self.assertIn(process.returncode, (-signal.SIGKILL, -signal.SIGINT, 130, 0), message)
            if process.returncode == 130 and message:
                self.assertEqual(message.splitlines()[-1], b"interrupted; the same command goes on from here")
            self.check_cache()
        self.hub.bytes_per_second = 0
        self.assertEqual(self.chat().stdout, b"The capital of France is Paris.\n")

    def test_every_command_takes_a_name(self):
        name = "org/llama"
        for command in (["verify", name], ["inspect", name], ["logits", name, "--tokens", "1", "-o", self.folder / "l.npy"],
                        ["bench", "-m", name, "-p", "4", "-n", "2", "-r", "1"], ["convert", "-i", name, "--dry-run"],
                        ["convert", name, self.folder / "c.cellm"]):  # fmt: skip
            with self.subTest(command=command[0]):
                self.succeed(*command, env=self.environment())

    def test_the_files_that_a_model_needs(self):
        self.repository.commit({**self.repository.commits[self.repository.revisions["main"]],
                                "chat_template.jinja": b"{{ messages }}", "generation_config.json": b"{}"})  # fmt: skip
        path = pathlib.Path(self.pull("org/llama", "--no-convert"))
        commit = self.repository.revisions["main"]
        folder = self.cache / "models--org--llama"
        self.assertEqual(path, folder / "snapshots" / commit)
        names = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"}
        self.assertEqual({file.name for file in path.iterdir()}, names)
        files = self.repository.commits[commit]
        for name in names:
            self.assertEqual(os.readlink(path / name), f"../../blobs/{blob_hash(name, files[name])}")
            self.assertEqual((path / name).read_bytes(), files[name])
        self.assertEqual((folder / "refs" / "main").read_text(), commit)
        self.assertEqual(self.unfinished(), [])
        self.assertTrue((self.cache / "CACHEDIR.TAG").exists())

    def test_shards_by_their_index(self):
        index = {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
        shards = {name: name.encode() for name in index["weight_map"].values()}
        files = {"config.json": b"{}", "model.safetensors.index.json": json.dumps(index).encode(), **shards,
                 "consolidated.safetensors": b"the same again"}  # fmt: skip
        self.hub.repositories["org/shards"] = Repository(files)
        path = pathlib.Path(self.pull("org/shards", "--no-convert"))
        self.assertEqual({file.name for file in path.iterdir()}, {*files} - {"consolidated.safetensors"})
        del files["model-00002-of-00002.safetensors"]
        self.hub.repositories["org/shards"].commit(files)
        self.refused(3, "model-00002-of-00002.safetensors is missing", "pull", "org/shards")

    def test_a_gguf_file_runs_as_it_is(self):
        gguf = (GGUF / "llama.gguf").read_bytes()
        parts = {f"sub/big-0000{i}-of-00002.gguf": b"part%d" % i for i in (1, 2)}
        self.hub.repositories["org/file"] = Repository({"m.gguf": gguf, **parts, "other.gguf": b"x"})
        path = pathlib.Path(self.pull("org/file:m.gguf"))
        self.assertEqual(path.read_bytes(), gguf)
        self.assertEqual({file.name for file in path.parent.iterdir()}, {"m.gguf"})
        self.succeed("inspect", path)
        first = pathlib.Path(self.pull("org/file:sub/big-00002-of-00002.gguf"))
        self.assertEqual(first.name, "big-00001-of-00002.gguf")
        self.assertEqual(os.readlink(first), f"../../../blobs/{blob_hash('x.gguf', b'part1')}")
        self.assertEqual((first.parent / "big-00002-of-00002.gguf").read_bytes(), b"part2")
        self.refused(3, "its .gguf files are m.gguf, other.gguf", "pull", "org/file:no.gguf")
        self.refused(4, "name one of its GGUF files with a colon", "pull", "org/file")
        self.refused(2, "runs as it is", "pull", "org/file:m.gguf", "--format", "int8")
        self.assertFalse(self.converted.exists())

    def test_revisions(self):
        main = self.repository.revisions["main"]
        other = self.repository.commit({**self.files, "config.json": self.files["config.json"] + b"\n"}, "refs/pr/1")
        path = pathlib.Path(self.pull("org/llama@refs/pr/1", "--no-convert"))
        self.assertEqual(path.name, other)
        self.assertEqual((self.cache / "models--org--llama" / "refs" / "refs" / "pr" / "1").read_text(), other)
        self.assertEqual(pathlib.Path(self.pull(f"org/llama@{main}", "--no-convert")).name, main)
        self.assertFalse((self.cache / "models--org--llama" / "refs" / "main").exists())
        self.refused(3, 'no branch, tag or commit "v9"', "pull", "org/llama@v9")

    def test_a_new_commit_is_found_by_pull_alone(self):
        self.pull("org/llama", "--no-convert")
        sent = self.hub.sent
        new = self.repository.commit({**self.files, "generation_config.json": b"{}"})
        self.succeed("infer", "-m", "org/llama", *INFER, env=self.environment(HF_HUB_OFFLINE="1"))
        self.assertEqual(pathlib.Path(self.pull("org/llama")).parent.name, new)
        self.assertLess(self.hub.sent - sent, 2000)  # the weights are the same blob

    def test_formats_list_and_rm(self):
        int4 = pathlib.Path(self.pull("org/llama"))
        int8 = pathlib.Path(self.pull("org/llama", "--format", "int8"))
        self.assertEqual((int4.name, int8.name), ("int4-g32.cellm", "int8.cellm"))
        bits = pathlib.Path(self.pull("org/llama", "--format", "i4-g32"))
        self.assertEqual(bits, int4)
        listed = json.loads(self.succeed("list", "--json", env=self.environment()).stdout)
        self.assertEqual([(model["name"], model["format"]) for model in listed],
                         [("org/llama", "int4-g32"), ("org/llama", "int8"), ("org/llama", "safetensors")])  # fmt: skip
        self.assertEqual(listed[1]["bytes"], int8.stat().st_size)
        table = self.succeed("list", env=self.environment()).stdout.decode()
        self.assertIn(str(int8), table)
        self.assertIn("2 files removed", self.succeed("rm", "org/llama", env=self.environment()).stdout.decode())
        self.assertFalse((self.converted / "org").exists())
        self.refused(3, "what was downloaded is in the hub's cache", "rm", "org/llama")
        self.succeed("rm", "org/llama", "--downloads", env=self.environment())
        self.assertFalse((self.cache / "models--org--llama").exists())
        self.assertEqual(self.succeed("list", env=self.environment()).stdout, b"")
        for name in ("../x", "org", "org/llama@main", ".", "org/.."):
            self.refused(2, "ORG/NAME", "rm", name)

    def test_what_is_on_the_disk_wins(self):
        (self.folder / "org").mkdir()
        self.local.rename(self.folder / "org" / "llama")
        environment = self.environment()
        self.succeed("infer", "-m", "org/llama", *INFER, cwd=self.folder, env=environment)
        for name in ("./org/no", "/org/no", "~/no", "org/no.cellm", "org/no.gguf", "no", "a/b/c", "org/no.safetensors"):
            self.refused(3, "no such file", "infer", "-m", name, *INFER)
        self.assertEqual(self.hub.log, [])
        self.refused(2, "is not the name of a .gguf file", "infer", "-m", "org/llama:../x.gguf", *INFER)
        self.refused(2, "is not a branch, tag or commit", "infer", "-m", "org/llama@../x", *INFER)


class Libraries(HubTest):
    """The libraries of the network are loaded when a model is looked up by name, and not before."""

    NETWORK = re.compile(r"lib(curl|gnutls|nghttp2|ssh2|ldap)\b")

    def loaded(self, code, *arguments):
        """What the dynamic linker has loaded for a command, and what the command itself has asked for while it ran."""
        result = run(*arguments, env=self.environment(LD_DEBUG="files"))
        report = result.stderr.decode()
        self.assertEqual(result.returncode, code, report[-1000:])
        everything = {pathlib.Path(path).name for path in re.findall(r"calling init: (\S+)", report)}
        asked = set(re.findall(rf"file=(\S+) \[0\];  dynamically loaded by {re.escape(str(BIN / 'cellm'))}", report))
        self.assertIn("libc.so.6", everything)
        return everything, asked

    def test_models_on_the_disk_need_none(self):
        self.pull("org/llama")
        for arguments in (["--version"], ["infer", "-m", self.local, *INFER], ["inspect", self.local], ["list"],
                          ["infer", "-m", "org/llama", *INFER]):  # fmt: skip
            everything, asked = self.loaded(0, BIN / "cellm", *arguments)
            self.assertEqual([], [name for name in everything if self.NETWORK.match(name)])
            self.assertEqual(set(), asked)

    def test_each_is_declared_for_packages(self):
        everything, asked = self.loaded(0, "pull", "org/llama")
        notes = re.findall(rb'"soname":\["([^"]+)"\]', (BIN / "cellm").read_bytes())
        declared = {name.decode() for name in notes}
        self.assertEqual({"libcurl.so.4"}, {name for name in declared if "curl" in name})
        self.assertEqual(set(), declared - everything)
        self.assertEqual(set(), asked - declared)

    def test_one_that_is_missing_is_named(self):
        (self.folder / "libcurl.so.4").write_bytes(b"")
        self.refused(4, "models of the hub need libcurl.so.4, which cannot be loaded: ", "pull", "org/llama",
                     LD_LIBRARY_PATH=str(self.folder))  # fmt: skip
        self.succeed("infer", "-m", self.local, *INFER, env=self.environment(LD_LIBRARY_PATH=str(self.folder)))


class Access(HubTest):
    def test_where_the_caches_are(self):
        for variables, cache in (({"HF_HUB_CACHE": "$HOME/a"}, "home/a"), ({"HF_HOME": "~/b"}, "home/b/hub"),
                                 ({"XDG_CACHE_HOME": str(self.folder / "c")}, "c/huggingface/hub"),
                                 ({"HUGGINGFACE_HUB_CACHE": "${HOME}/d"}, "home/d")):  # fmt: skip
            path = pathlib.Path(self.pull("org/llama", "--no-convert", **variables))
            self.assertEqual(path.parent.parent.parent, self.folder / cache)
        path = pathlib.Path(self.pull("org/llama", XDG_CACHE_HOME=str(self.folder / "c")))
        self.assertEqual(path.parents[3], self.folder / "c" / "cellm")

    def test_the_token_goes_to_the_hub_alone(self):
        self.add_file(1000, token="hf_secret")
        self.refused(3, "HF_TOKEN", "pull", "org/file:m.gguf")
        self.refused(3, "does not open it", "pull", "org/file:m.gguf", HF_TOKEN="hf_other")
        self.hub.log.clear()
        self.pull("org/file:m.gguf", HF_TOKEN=" hf_secret\n")
        self.assertTrue(self.hub.requests("files"))
        for host, _, _, headers in self.hub.log:
            self.assertEqual(headers.get("Authorization"), "Bearer hf_secret" if host == "hub" else None)
        token = self.home / ".cache" / "huggingface" / "token"
        token.write_text("hf_secret\n")
        self.pull("org/file:m.gguf", HF_HUB_CACHE=str(self.folder / "again"))
        self.refused(3, "HF_TOKEN", "pull", "org/file:m.gguf", HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
        token.rename(self.folder / "elsewhere")
        self.pull("org/file:m.gguf", HF_TOKEN_PATH=str(self.folder / "elsewhere"), HF_HUB_CACHE=str(self.folder / "third"))
        message = self.refused(2, "is not an access token", "pull", "org/file:m.gguf", HF_TOKEN="hf secret")
        self.assertNotIn("hf secret", message)

    def test_a_redirect_to_another_host_drops_the_token(self):
        address = f"{self.hub.files_address}/x?signature=1"
        self.hub.faults.append(Fault("config.json", method="GET", times=-1, status=302, headers={"Location": address}))
        self.refused(3, "config.json: ", "pull", "org/llama", HF_TOKEN="hf_secret")
        self.assertTrue(self.hub.requests("files"))
        for host, _, _, headers in self.hub.log:
            self.assertEqual(headers.get("Authorization"), "Bearer hf_secret" if host == "hub" else None)

    def test_a_gated_model_says_where_to_ask(self):
        self.add_file(1000, token="hf_secret", gated=True)
        message = self.refused(3, "accept its terms at ", "pull", "org/file:m.gguf")
        self.assertIn(f"{self.hub.endpoint}/org/file", message)
        self.assertIn("HF_TOKEN", message)
        self.refused(3, "the one given does not open it", "pull", "org/file:m.gguf", HF_TOKEN="hf_other")

    def test_what_is_not_there(self):
        message = self.refused(3, "org/no: neither a local file or folder nor a model on the hub", "infer", "-m", "org/no", *INFER)
        self.assertIn("HF_TOKEN", message)
        self.refused(3, "forbids to download", "infer", "-m", "org/no", *INFER, HF_HUB_OFFLINE="1")
        self.refused(3, "forbids to download", "pull", "org/llama", TRANSFORMERS_OFFLINE="yes")
        self.refused(1, "cannot be reached", "pull", "org/llama", HF_ENDPOINT="http://127.0.0.1:9")
        self.refused(2, "HF_ENDPOINT", "pull", "org/llama", HF_ENDPOINT="ftp://127.0.0.1")
        self.refused(2, "HF_ENDPOINT", "pull", "org/llama", HF_ENDPOINT="http://user:word@127.0.0.1")
        self.refused(2, "not the name of a model", "pull", "llama")

    def test_a_renamed_repository(self):
        self.hub.moved["org/old"] = "org/llama"
        path = self.pull("org/old", "--no-convert", HF_TOKEN="hf_x")
        self.assertIn("models--org--old", path)
        self.assertTrue(all(headers.get("Authorization") for host, _, _, headers in self.hub.log if host == "hub"))

    def test_no_room_on_the_disk(self):
        self.add_file(1000)
        self.hub.faults.append(Fault("resolve", times=-1, headers={"X-Linked-Size": str(10**12)}))
        self.refused(5, "1000000000000 bytes are needed and ", "pull", "org/file:m.gguf")
        self.assertEqual(self.hub.requests("files"), [])
        self.hub.faults.clear()
        self.add_file(3 * MIB)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB))
        self.fail_with(5, "cannot write", "pull", "org/file:m.gguf", env=self.environment(), preexec_fn=limit)
        self.check_cache()


class Faults(HubTest):
    def test_passing_faults(self):
        content = self.add_file(40 * MIB)
        self.hub.faults += [
            Fault("/api/", status=503), Fault("/api/", status=429, headers={"Retry-After": "1"}), Fault("/api/", cut=10),
            Fault("resolve", status=500), Fault(host="files", status=503), Fault(host="files", cut=MIB),
            Fault(host="files", cut=0),
        ]  # fmt: skip
        path = pathlib.Path(self.pull("org/file:m.gguf"))
        self.assertEqual(path.read_bytes(), content)
        self.assertLess(self.hub.sent, len(content) + 2 * MIB)  # what was there was not asked for again
        self.assertTrue(all(fault.times == 0 for fault in self.hub.faults))

    def test_lasting_faults(self):
        self.add_file(1000)
        for fault, code, part in (
            (Fault("/api/", times=-1, status=500), 1, "HTTP status 500"),
            (Fault("/api/", times=-1, status=418), 1, "HTTP status 418"),
            (Fault("/api/", times=-1, cut=5), 1, "cannot be reached"),
            (Fault(host="files", times=-1, cut=0), 1, "broke off"),
            (Fault("resolve", times=-1, status=404), 3, "m.gguf"),
            (Fault("/api/", headers={"X-Long": "x" * 70000}), 1, "bytes of headers"),
            (Fault("/api/", body=b"[" * 100000), 3, "the hub's reply"),
            (Fault("/api/", body=b"{}"), 3, "sha"),
            (Fault("/api/", body=b" " * (33 << 20)), 3, "has more than"),
            (Fault("/api/", body=json.dumps({"sha": "a" * 40, "siblings": [{"rfilename": "../m.gguf"}]}).encode()), 3,
             "is not a path inside"),
            (Fault("/api/", body=json.dumps({"sha": "../../x", "siblings": []}).encode()), 3, "expected a commit"),
            (Fault("resolve", headers={"X-Linked-ETag": '"../../../x"'}), 3, "gives no checksum"),
            (Fault("resolve", headers={"X-Linked-Size": "-5"}), 3, "gives no size"),
            (Fault("resolve", headers={"X-Linked-Size": None}), 3, "gives no size"),
            (Fault("resolve", headers={"X-Repo-Commit": "b" * 40}), 3, "answers with the commit"),
            (Fault("resolve", headers={"Location": "file:///etc/passwd"}), 3, "not allowed"),
            (Fault("/api/", times=-1, status=307, headers={"Location": "/api/models/org/file/revision/main"}), 1, "307"),
        ):  # fmt: skip
            with self.subTest(part):
                self.hub.faults[:] = [fault]
                self.refused(code, part, "pull", "org/file:m.gguf")
                self.check_cache()
                self.assertEqual(self.refs(), [])
        self.hub.faults.clear()
        self.pull("org/file:m.gguf")

    def test_a_wrong_byte_is_refused(self):
        for size in (1000, 40 * MIB):
            content = self.add_file(size)
            self.hub.faults[:] = [Fault(host="files", times=-1, flip=size - 1)]
            self.refused(3, "the checksum is ", "pull", "org/file:m.gguf")
            self.assertEqual((self.unfinished(), self.refs()), ([], []))
            self.check_cache()
            self.hub.faults.clear()
            self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)
            self.succeed("rm", "org/file", "--downloads", env=self.environment())
        self.hub.faults[:] = [Fault("resolve", times=-1, method="GET", flip=3)]
        self.refused(3, "config.json: the checksum is ", "pull", "org/llama")
        self.assertEqual(self.refs(), [])

    def test_lying_lengths(self):
        for size, part in ((999, "more than the 999 bytes"), (1001, "changes the file"), (0, "the checksum is ")):
            self.add_file(1000)
            self.hub.faults[:] = [Fault("resolve", times=-1, headers={"X-Linked-Size": str(size)})]
            self.refused(3, part, "pull", "org/file:m.gguf")
            self.assertEqual(self.refs(), [])
        self.hub.faults[:] = [Fault(host="files", times=-1, headers={"Content-Length": None}, more=b"and more")]
        self.refused(3, "sends more than the 1000 bytes", "pull", "org/file:m.gguf")
        self.add_file(40 * MIB)
        self.hub.faults[:] = [Fault(host="files", times=-1, headers={"Content-Range": "bytes 0-5/6"})]
        self.refused(3, "another range", "pull", "org/file:m.gguf")
        self.check_cache()

    def test_a_server_without_ranges(self):
        content = self.add_file(40 * MIB)
        self.hub.faults[:] = [Fault(host="files", times=-1, ranges=False)]
        self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)

    def test_a_file_that_changes_meanwhile(self):
        content = self.add_file(40 * MIB)
        # The first answers are of another file, with its ETag.
        self.hub.faults[:] = [Fault(host="files", flip=5, cut=MIB, headers={"ETag": '"other"'})]
        self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)

    def test_a_signed_address_that_expires(self):
        content = self.add_file(100 * MIB)
        self.hub.bytes_per_second = 20 * MIB
        process = self.start("pull", "org/file:m.gguf", "-q")
        self.wait_until(process, lambda: self.hub.sent > 20 * MIB)
        self.hub.signature = 2
        output, message = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, message)
        self.assertEqual(pathlib.Path(output.decode().strip()).read_bytes(), content)
        self.assertLess(self.hub.sent, len(content) + 17 * MIB)


class BreakingOff(HubTest):
    def test_killed_at_random_points(self):
        content = self.add_file(40 * MIB)
        self.hub.bytes_per_second = 8 * MIB
        chosen = random.Random(5)
        kills = 0
        for number in range(16):
            process = self.start("pull", "org/file:m.gguf", "-q")
            if number % 4 == 0:  # some before there is any content
                moment = time.monotonic() + chosen.uniform(0, 0.1)
                self.wait_until(process, lambda: time.monotonic() > moment)
            else:
                content_sent = self.hub.sent + chosen.uniform(0, 8 * MIB)
                self.wait_until(process, lambda: self.hub.sent > content_sent)
            if process.poll() is not None:
                break
            process.kill()
            kills += 1
            process.communicate()
            self.check_cache()
            self.assertEqual(self.refs(), [])
            offline = run("infer", "-m", "org/file:m.gguf", *INFER, env=self.environment(HF_HUB_OFFLINE="1"))
            self.assertEqual(offline.returncode, 3)
        process.communicate()
        self.assertGreater(kills, 1)
        self.hub.bytes_per_second = 0
        if self.unfinished():
            missing, sent = len(content) - self.done_bytes(len(content)), self.hub.sent
            self.assertLess(missing, len(content))
            self.pull("org/file:m.gguf")
            self.assertLess(self.hub.sent - sent, missing + 4000)
        self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)
        self.check_cache()
        self.assertEqual(self.unfinished(), [])

    def test_a_whole_run_killed_at_random_points(self):
        wanted = self.succeed("infer", "-m", self.convert(self.local, "--format", "int4-g32"), *INFER).stdout
        self.hub.bytes_per_second = 2 * MIB
        command = ("infer", "-m", "org/llama", *INFER)
        chosen = random.Random(7)
        answers = 0
        for _ in range(30):
            process = self.start(*command)
            timer = threading.Timer(chosen.uniform(0.0, 0.4), process.kill)
            timer.start()
            output, message = process.communicate(timeout=60)
            timer.cancel()
            self.check_cache()
            if process.returncode == 0:
                self.assertEqual(output, wanted)
                answers += 1
                if answers == 2:
                    break
            else:
                self.assertEqual((process.returncode, message), (-signal.SIGKILL, b""))
            for path in self.converted.rglob("*.cellm"):
                self.succeed("verify", path)
        self.assertEqual(self.succeed(*command, env=self.environment()).stdout, wanted)

    def test_ctrl_c(self):
        content = self.add_file(40 * MIB)
        self.hub.bytes_per_second = 8 * MIB
        process = self.start("pull", "org/file:m.gguf")
        self.wait_until(process, lambda: self.hub.sent > 12 * MIB)
        process.send_signal(signal.SIGINT)
        output, message = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (130, b""))
        self.assertEqual(message, b"interrupted; the same command goes on from here\n")
        self.hub.bytes_per_second = 0
        missing, sent = len(content) - self.done_bytes(len(content)), self.hub.sent
        self.assertLess(missing, len(content))
        self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)
        self.assertLess(self.hub.sent - sent, missing + 4000)
        self.hub.log.clear()
        self.hub.bytes_per_second = 100000
        process = self.start("infer", "-m", "org/llama", *INFER)
        self.wait_until(process, lambda: self.hub.requests("files"))
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(timeout=60), (130, 0))
        process.communicate()

    def test_a_damaged_remainder_is_begun_anew(self):
        content = self.add_file(40 * MIB)
        self.hub.faults[:] = [Fault(host="files", times=-1, cut=0, skip=1)]
        self.refused(1, "can be resumed", "pull", "org/file:m.gguf")
        (path,) = self.unfinished()
        self.hub.faults.clear()
        for damage in (lambda data: data[: len(content) + 20], lambda data: data[: len(content)] + b"\xff" * 2000):
            path.write_bytes(damage(path.read_bytes()))
            self.assertEqual(pathlib.Path(self.pull("org/file:m.gguf")).read_bytes(), content)
            self.succeed("rm", "org/file", "--downloads", env=self.environment())
            path.parent.mkdir(parents=True)
            path.write_bytes(content)

    def test_two_at_once(self):
        content = self.add_file(20 * MIB)
        self.hub.bytes_per_second = 20 * MIB
        runs = [self.start("pull", "org/file:m.gguf", "-q") for _ in range(3)]
        for process in runs:
            output, message = process.communicate(timeout=60)
            self.assertEqual((process.returncode, message), (0, b""))
            self.assertEqual(pathlib.Path(output.decode().strip()).read_bytes(), content)
        self.assertLess(self.hub.sent, len(content) + MIB)

    def test_progress_on_a_terminal(self):
        self.add_file(20 * MIB)
        self.hub.bytes_per_second = 4 * MIB
        master, slave = os.openpty()
        process = subprocess.Popen([BIN / "cellm", "pull", "org/file:m.gguf"], env=self.environment(),
                                   stdout=subprocess.PIPE, stderr=slave)  # fmt: skip
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:  # the terminal is gone
            pass
        os.close(master)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(shown.decode(), r"downloading, m\.gguf, \d+\.\d MB/s \[#+\.*\] +\d+%  \d+ s left")


try:
    import huggingface_hub  # noqa: F401
except ImportError:
    huggingface_hub = None


@unittest.skipIf(huggingface_hub is None, "huggingface_hub is not installed")
class OtherPrograms(HubTest):
    """huggingface_hub reads what cellm has written, writes what cellm reads, and both write the same."""

    PATTERNS = ["config.json", "generation_config.json", "tokenizer*", "chat_template*", "model.safetensors"]

    def snapshot(self, cache, *options, offline=False):
        program = ("import huggingface_hub as h; print(h.snapshot_download('org/llama', "
                   f"allow_patterns={self.PATTERNS!r}, local_files_only={offline}))")  # fmt: skip
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
                              env=self.environment(HF_HUB_CACHE=str(cache), HF_HUB_DISABLE_XET="1"))  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        return pathlib.Path(done.stdout.strip())

    def tree(self, cache):
        folder = cache / "models--org--llama"
        entries = {}
        for part in ("blobs", "snapshots", "refs"):
            for path in (folder / part).rglob("*"):
                if not path.is_dir():
                    entries[str(path.relative_to(folder))] = os.readlink(path) if path.is_symlink() else path.read_bytes()
        return entries

    def test_it_reads_what_cellm_wrote(self):
        ours = self.pull("org/llama", "--no-convert")
        self.hub.log.clear()
        self.assertEqual(self.snapshot(self.cache, offline=True), pathlib.Path(ours))
        self.assertEqual(self.hub.log, [])
        sent = self.hub.sent
        self.snapshot(self.cache)
        self.assertLess(self.hub.sent - sent, 4000)  # no file again

    def test_cellm_reads_what_it_wrote(self):
        theirs = self.snapshot(self.folder / "theirs")
        self.hub.log.clear()
        environment = self.environment(HF_HUB_CACHE=str(self.folder / "theirs"), HF_HUB_OFFLINE="1")
        self.succeed("infer", "-m", "org/llama", *INFER, env=environment)
        self.assertEqual(self.hub.log, [])
        path = self.pull("org/llama", "--no-convert", HF_HUB_CACHE=str(self.folder / "theirs"))
        self.assertEqual(pathlib.Path(path), theirs)

    def test_both_write_the_same(self):
        self.snapshot(self.folder / "theirs")
        self.pull("org/llama", "--no-convert")
        self.assertEqual(self.tree(self.cache), self.tree(self.folder / "theirs"))
        for name in ("CACHEDIR.TAG",):
            self.assertEqual((self.cache / name).read_bytes(), (self.folder / "theirs" / name).read_bytes())
        locks = lambda cache: {path.name for path in (cache / ".locks" / "models--org--llama").iterdir()}
        self.assertLessEqual(locks(self.folder / "theirs"), locks(self.cache))


if __name__ == "__main__":
    unittest.main()
