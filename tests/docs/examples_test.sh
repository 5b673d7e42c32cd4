#!/usr/bin/env bash
# Runs the examples that print: each prints what stands in the file beside it.
# usage: examples_test.sh BUILD_FOLDER
set -euo pipefail
build=$(cd -- "$1" && pwd)
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
failures=0
for expected in "$root"/examples/*.txt; do
  [[ $(basename "$expected") != CMakeLists.txt ]] || continue
  name=$(basename "$expected" .txt)
  (($(wc -l <"$root/examples/$name.cpp") < 120)) ||
    { echo "examples_test: $name.cpp is too long" >&2 && failures=$((failures + 1)); }
  "$build/flok-$name" | diff "$expected" - ||
    { echo "examples_test: flok-$name prints something else" >&2 && failures=$((failures + 1)); }
done
((failures == 0))
echo "examples_test: the examples print what they should"
