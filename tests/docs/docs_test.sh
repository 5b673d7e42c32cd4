#!/usr/bin/env bash
# Holds README and docs against the tree: what they show is what is built, run and compared.
# usage: docs_test.sh BUILD_FOLDER
set -euo pipefail
build=$(cd -- "$1" && pwd)
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/docs/blocks.sh"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  printf 'docs_test: %s\n' "$1" >&2
  exit 1
}

# The README's program is examples/hello.cpp, which is built; it does what the README says.
block "$root/README.md" cpp 1 >"$work/hello.cpp"
diff "$work/hello.cpp" "$root/examples/hello.cpp" ||
  fail "README.md's program is not examples/hello.cpp"
[ "$(wc -l <"$work/hello.cpp")" -le 30 ] || fail "README.md's program is too long"
block "$root/README.md" json 1 >"$work/services.json"
cd "$work"
[ "$("$build/flok-hello")" = "1 entries, from the pager" ] || fail "flok-hello: first run"
[ "$("$build/flok-hello")" = "1 entries, from the disk
1 entries, from the pager" ] || fail "flok-hello: second run"

# One place says which version this is.
version=$(sed -nE 's/^project\(flok VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt")
[ "$("$build/flok" --version)" = "flok $version" ] || fail "flok --version"

# Configurations that the docs show are accepted; the error that they show is the error.
block "$root/docs/configuration.md" json 1 >services.json
"$build/flok" shell --config services.json </dev/null || fail "docs/configuration.md"
printf '{"pagers": [{"name": "mem", "namespace": "user"}, {"name": "mem", "namespace": "user"}]}' \
  >services.json
"$build/flok" shell --config services.json </dev/null 2>error && fail "a bad configuration passed"
grep -qF "$(awk '/^services.json: /' "$root/docs/configuration.md")" error ||
  fail "docs/configuration.md shows another error than $(cat error)"

# The shell's session prints what the docs say; answers may overtake each other.
printf '{"pagers": [{"name": "mem", "namespace": "user"}]}' >services.json
block "$root/docs/protocol.md" shell-input 1 >input
block "$root/docs/protocol.md" shell-output 1 | sort >expected
"$build/flok" shell --config services.json <input | sort >printed
diff expected printed || fail "docs/protocol.md shows another session"

# The pages that the docs show are pages.
for n in 1 2; do
  page=$(block "$root/docs/pages.md" json "$n" | tr '\n' ' ')
  printf '{"op": "hash", "page": %s}\n' "$page" | "$build/flok" shell --config services.json |
    grep -q '"reply":"hash"' || fail "docs/pages.md: page $n"
done

# What docs/tool.md shows of the tool is what it prints; for "…" it may print anything.
mkdir tool && cd tool
block "$root/docs/tool.md" json 1 >services.json
block "$root/docs/tool.md" json 2 >news.json
flok() { "$build/flok" "$@"; }
awk '/^```tool$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/docs/tool.md" >session
command=
: >expected
check_command() {
  [[ ! $command ]] || [[ $(<expected) = … ]] || diff expected printed ||
    fail "docs/tool.md: $command"
}
while IFS= read -r line; do
  if [[ $line != '$ '* ]]; then
    printf '%s\n' "$line" >>expected
    continue
  fi
  check_command
  command=${line#'$ '}
  : >expected
  eval "{ $command; }" >printed 2>&1 </dev/null || true
done <session
check_command
cd ..

# The test in the docs is one that runs.
block "$root/docs/testing.md" cpp 1 | diff - "$root/examples/testing/summary_test.cpp" ||
  fail "docs/testing.md shows another test than examples/testing/summary_test.cpp"
# lines_of FILE N: so are the lines of the Nth block of docs/testing.md lines of that file.
lines_of() {
  block "$root/docs/testing.md" cpp "$2" >lines
  [ -s lines ] || fail "docs/testing.md shows less code than it did"
  while IFS= read -r line; do
    grep -qF -- "$line" "$root/$1" || fail "$1 lacks: $line"
  done <lines
}
lines_of examples/testing/catch.hpp 2
lines_of examples/testing/capped_test.cpp 3
lines_of examples/testing/waiting_test.cpp 4
lines_of examples/testing/waiting_test.cpp 5
lines_of examples/testing/waiting_test.cpp 6

# The pagers in the docs are those that are built.
block "$root/docs/pagers.md" cpp 1 | diff - "$root/pagers/mem.cpp" ||
  fail "docs/pagers.md shows another pager than pagers/mem.cpp"

# The fragments of code in the docs are lines of a test that is built and run.
# compiled TEST FILE N: so is the Nth one of FILE; false where there is no Nth.
compiled() {
  local text
  text=$(block "$root/$2" cpp "$3" | sed 's,  *//.*,,')
  [ -n "$text" ] || return 1
  printf '%s\n' "$text" | sed 's,<flok/\(.*\)>,"\1",' | while IFS= read -r line; do
    grep -qF -- "$line" "$root/tests/docs/$1" || fail "$2: tests/docs/$1 lacks: $line"
  done || exit 1
}
for n in 1 2; do
  compiled fragments_test.cpp docs/pages.md "$n" || fail "docs/pages.md shows no code"
done
block "$root/docs/pagers.md" cpp 2 | diff - "$root/examples/files/files_pager.cpp" ||
  fail "docs/pagers.md shows another pager than examples/files/files_pager.cpp"
[ "$(wc -l <"$root/examples/files/files_pager.cpp")" -lt 80 ] || fail "the files pager is too long"
n=3
while compiled fragments_test.cpp docs/pagers.md "$n"; do n=$((n + 1)); done
[ "$n" -gt 5 ] || fail "docs/pagers.md shows less code than it did"
for n in 1 2; do
  compiled fragments_test.cpp docs/metrics.md "$n" || fail "docs/metrics.md shows no code"
done
n=1
while compiled embedding_test.cpp docs/embedding.md "$n"; do n=$((n + 1)); done
[ "$n" -gt 6 ] || fail "docs/embedding.md shows less code than it did"
compiled remote_test.cpp docs/remote.md 1 || fail "docs/remote.md shows no code"
compiled remote_test.cpp docs/remote.md 2 || fail "docs/remote.md shows one side alone"

# What is installed is what docs/api.md lists, and what that includes.
# included HEADER: what it includes of flok's, by its path from the root.
included() {
  sed -nE 's/^#include "(.*)".*/\1/p' "$root/$1" | while IFS= read -r path; do
    realpath -m --relative-to="$root" "$root/$(dirname "$1")/$path"
  done
}
listed() {
  awk -F '|' '/^\| `/ { print $2 }' "$root/docs/api.md" | grep -oE '[a-z_/]+\.hpp' | sort -u
}
listed >headers
while
  { cat headers && while IFS= read -r header; do included "$header"; done <headers; } |
    sort -u >more
  ! cmp -s headers more
do
  cp more headers
done
grep -oE '[a-z_/]+\.hpp' "$root/cmake/headers.cmake" | sort | diff - headers ||
  fail "cmake/headers.cmake (<) does not have what docs/api.md lists, and what that includes (>)"
for header in flok remote testing; do
  included "$header.hpp" | while IFS= read -r file; do
    listed | grep -qx "$file" || fail "docs/api.md lacks $file, which $header.hpp includes"
  done || exit 1
done

# The tests that hold up a promise are there: "…" stands for the rest of a name.
grep -rhoPzo 'TEST_CASE\(\s*"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*' "$root/tests" |
  tr '\0\n' '\n ' | sed -E 's/" +"//g' >cases
tr '\n' ' ' <"$root/docs/guarantees.md" | sed 's/\*\*/\n/g' | grep -oE 'Held by .*' |
  grep -oE '`[^`]*`' | tr -d '`' >held
[ "$(wc -l <held)" -gt 30 ] || fail "docs/guarantees.md names few tests"
while IFS= read -r name; do
  grep -qF -- "${name%%…*}" cases || fail "docs/guarantees.md: no such test: $name"
done <held

# The index has every page.
for file in "$root"/docs/*.md; do
  [ "${file##*/}" = README.md ] || grep -qF "](${file##*/})" "$root/docs/README.md" ||
    fail "docs/README.md lacks ${file##*/}"
done

# Files that README and docs link to exist.
cd "$root"
for file in README.md docs/*.md docs/decisions/*.md; do
  for target in $(grep -oE '\]\([A-Za-z0-9_./-]+\)' "$file" | tr -d '])('); do
    [ -e "$(dirname "$file")/$target" ] || fail "$file links to $target, which is not there"
  done
done
echo "docs_test: README and docs hold"
