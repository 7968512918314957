#!/bin/bash
# Fails if a C++ file is not formatted as .clang-format says. With --fix, formats instead.
# Exits 77 if clang-format is missing.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

case ${1-} in
  '') mode='--dry-run --Werror' ;;
  --fix) mode='-i' ;;
  *) echo 'usage: tools/check_format.sh [--fix]' >&2; exit 2 ;;
esac

if ! command -v clang-format >/dev/null; then
  echo 'clang-format is missing (Debian: apt-get install clang-format)'
  exit 77
fi
folders=()
for folder in include src python tests bench fuzz tools examples; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done
# shellcheck disable=SC2086  # the mode is one or two words
find "${folders[@]}" -regextype posix-extended -regex '.*\.(h|hpp|c|cc|cpp|inl)' -print0 |
  xargs -0 -r clang-format $mode
