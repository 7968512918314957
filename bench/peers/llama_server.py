#!/usr/bin/env python3
"""cellm serve under the command line of llama-server, for llama.cpp's own tests of its server.

CELLM_BIN: the folder of cellm. CELLM_MODEL: the model that is served, whichever is asked for. Flags without a counterpart are
ignored, since the tests pass them to every server; --no-ui, --slots and others change nothing.
"""

import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("CELLM_BIN", ROOT / "build" / "release" / "bin"))
MODEL = os.environ.get("CELLM_MODEL", ROOT / "models" / "cellm-tiny")
# Of the flags that the tests use, those without a value.
SWITCHES = {
    "--offline", "--cont-batching", "--embedding", "--reranking", "--metrics", "--kv-unified", "--swa-full", "--slots", "--no-slots",
    "--context-shift", "--no-ui", "--no-models-autoload", "--jinja", "--no-jinja", "--no-mmproj", "--no-cache-idle-slots", "--ui-mcp-proxy",
    "--backend_sampling", "--verbose",
}  # fmt: skip


def main():
    flags, rest = {}, sys.argv[1:]
    while rest:
        name = rest.pop(0)
        flags[name] = None if name in SWITCHES else rest.pop(0)
    command = [BIN / "cellm", "serve", MODEL, "--port", flags.get("--port", "8080"), "--host", flags.get("--host", "127.0.0.1")]
    if "--alias" in flags:
        command += ["--name", flags["--alias"].split(",")[0]]
    slots = int(flags.get("--parallel", 4))
    command += ["--max-sequences", slots]
    if "--ctx-size" in flags:  # which the slots share there
        command += ["--context", int(flags["--ctx-size"]) // slots]
    if "--threads" in flags:
        command += ["--threads", flags["--threads"]]
    if "--api-key" in flags:
        file, path = tempfile.mkstemp(prefix="cellm_key_")  # readable by its owner only
        os.write(file, flags["--api-key"].encode() + b"\n")
        os.close(file)
        command += ["--api-key-file", path]
    if "--cors-origins" in flags and flags["--cors-origins"] not in ("*", "localhost"):
        command += ["--allow-origin", flags["--cors-origins"]]
    if "--chat-template-file" in flags:
        command += ["--chat-template", flags["--chat-template-file"]]
    os.execv(command[0], [str(part) for part in command])


if __name__ == "__main__":
    main()
