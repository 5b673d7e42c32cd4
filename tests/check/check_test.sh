#!/usr/bin/env bash
# Tests scripts/check on a small tree of its own: it accepts what is in order, and refuses one
# planted fault of each kind, naming file and line and nothing else.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
tree=$(mktemp -d "${TMPDIR:-/tmp}/flok-check.XXXXXX")
trap 'rm -rf -- "$tree"' EXIT
failures=0

unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE # set where a git hook runs the tests
git init -q "$tree"
cp -r "$root/scripts" "$root/.clang-format" "$tree"
cd "$tree"

# repeat N TEXT: N lines of it.
repeat() { local i; for ((i = 0; i < $1; ++i)); do printf '%s\n' "$2"; done; }

# verdict: runs the check; sets `output`, and `status` to its exit status.
verdict() { status=0 && output=$(scripts/check 2>&1) || status=$?; }

fail() {
  printf 'FAILED: %s\n%s\n' "$1" "$output" >&2
  failures=$((failures + 1))
}

# accepts FILE: with standard input as that file, the check passes.
accepts() {
  put "$1" && verdict
  ((status == 0)) || fail "$1 should be accepted"
  rm "$1"
}

# refuses FILE LINE WORDS: with standard input as that file, the check fails with that fault.
refuses() {
  put "$1" && verdict
  ((status == 1)) && [[ $output == *"$1:$2: "*"$3"*"scripts/check: 1 fault(s)" ]] ||
    fail "$1 should be refused on line $2: $3"
  rm "$1"
}

put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
including() { printf '// A file.\n#include %s\n' "$1"; }

put runtime/page.hpp </dev/null
put runtime/hash.cpp <<'TXT'
#include <isa-l/crc.h>
#include <xxhash.h>

#include "runtime/page.hpp"
TXT
put actors/messages.hpp < <(including '"../runtime/page.hpp"')
put actors/vm.hpp < <(including '"messages.hpp"')
put pagers/mem.cpp < <(including '"actors/messages.hpp"')
put tests/catch.hpp < <(including '<catch2/catch.hpp>')
put flok.hpp < <(including '"actors/messages.hpp"')
verdict
((status == 0)) || fail "a tree in order should be accepted"

# What merges and patches leave behind, also where git ignores it.
refuses runtime/hash.cpp.orig 1 'left by a merge or a patch' </dev/null
refuses docs/notes.md.rej 1 'left by a merge or a patch' </dev/null

scripts/check --help | grep -q '^usage: scripts/check' || { output=; fail "--help prints no help"; }

# The direction of includes.
refuses runtime/x.cpp 2 'may not include "actors/vm.hpp"' < <(including '"actors/vm.hpp"')
refuses runtime/x.hpp 2 'may not include "flok.hpp"' < <(including '<flok/flok.hpp>')
refuses runtime/x.cpp 2 'may not include "actors/vm.hpp"' < <(including '<flok/actors/vm.hpp>')
refuses actors/x.cpp 2 'may not include "pagers/mem.hpp"' < <(including '"pagers/mem.hpp"')
refuses pagers/x.cpp 2 'may not include "actors/vm.hpp"' < <(including '"actors/vm.hpp"')
refuses flok.hpp 2 'may not include "tools/x.hpp"' < <(including '"tools/x.hpp"')
refuses tools/x.cpp 2 'may not include "tests/x.hpp"' < <(including '"tests/x.hpp"')
refuses bench/x.cpp 2 'may not include "tests/x.hpp"' < <(including '"tests/x.hpp"')
refuses actors/x.hpp 2 'of its own folder' < <(including '"runtime/page.hpp"')
refuses actors/x.hpp 2 'of its own folder' < <(including '"../actors/vm.hpp"')
refuses runtime/x.hpp 2 'may not include "actors/vm.hpp"' < <(including '"../actors/vm.hpp"')
refuses runtime/x.cpp 2 "repository's root" < <(including '"page.hpp"')
refuses runtime/x.cpp 2 "repository's root" < <(including '"../actors/vm.hpp"')
refuses runtime/x.cpp 2 'can be checked' < <(including 'HEADER')
refuses other/x.cpp 1 'no rule' < <(including '<string>')
accepts pagers/x.cpp < <(including '"actors/caf_compat.hpp"')
accepts tools/x.cpp < <(including '"flok.hpp"')
accepts tests/sim/x.cpp < <(including '"tests/catch.hpp"')
accepts examples/x.cpp < <(including '<flok/flok.hpp>')

# The place of each library.
refuses actors/x.cpp 2 '<simdjson.h> is included only' < <(including '<simdjson.h>')
refuses runtime/config.hpp 2 '<simdjson.h> is included only' < <(including '<simdjson.h>')
refuses actors/x.cpp 2 '<lmdb.h> is included only' < <(including '<lmdb.h>')
refuses tests/x.cpp 2 '<catch2/catch.hpp> is' < <(including '<catch2/catch.hpp>')
refuses actors/x.cpp 2 '<CLI/CLI.hpp> is' < <(including '<CLI/CLI.hpp>')
refuses actors/x.cpp 2 "<spdlog/spdlog.h> is" < <(including "<spdlog/spdlog.h>")
refuses runtime/x.cpp 2 '<isa-l/crc.h> is' < <(including '<isa-l/crc.h>')
refuses runtime/x.cpp 2 '<xxhash.h> is' < <(including '<xxhash.h>')
for header in caf/all.hpp thread mutex chrono fstream filesystem random iostream; do
  refuses runtime/x.cpp 2 "<$header> has no place" < <(including "<$header>")
done
refuses actors/x.cpp 2 'CAF' < <(printf '\n#if CAF_MAJOR_VERSION > 0\n#endif\n')
refuses actors/x.cpp 3 'CAF' < <(printf '// clang-format off\n#if defined(A) && \\\n    CAF_VERSION > 1\n#endif\n')
accepts runtime/codec_walk.cpp < <(including '<simdjson.h>')
accepts runtime/config.cpp < <(including '<simdjson.h>')
accepts actors/lmdb_store.cpp < <(including '<lmdb.h>')
accepts actors/x.cpp < <(including '<chrono>')
accepts tools/x.cpp < <(including '<CLI/CLI.hpp>')
for header in compat inspect testing; do
  accepts "actors/caf_$header.hpp" < <(printf '#if CAF_MAJOR_VERSION > 0\n#endif\n')
done

# Lengths: 500 lines and 60 lines are the last that pass.
# body N FIRST LAST: a function of N + 2 lines, when FIRST and LAST are one line each.
body() { printf '%s {\n' "$2" && repeat "$1" '  work();' && printf '%s\n' "$3"; }
in_struct() { echo 'struct s {' && sed 's/^/  /' && echo '};'; }
test_case='TEST_CASE("watch", "[vm]")'
long_test_case='TEST_CASE_METHOD(fixture,
                 "a watch of a page that is resident is answered at once and only once",
                 "[vm]")'
accepts runtime/x.cpp < <(repeat 500 '// A line.')
refuses runtime/x.cpp 501 'over 500 lines' < <(repeat 501 '// A line.')
accepts runtime/x.cpp < <(body 58 'void f()' '}')
refuses runtime/x.cpp 1 'f has 61 lines' < <(body 59 'void f()' '}')
refuses runtime/x.cpp 2 'f has 61 lines' < <(echo 'template <class T>' && body 59 'T f()' '}')
refuses runtime/x.hpp 2 's has 61 lines' < <(body 59 's()' '}' | in_struct)
refuses runtime/x.cpp 1 'a lambda has 61 lines' < <(body 59 'auto f = []' '};')
refuses runtime/x.cpp 1 'f = []<class T>(T x) has 61' < <(body 59 'auto f = []<class T>(T x)' '};')
accepts tests/x.cpp < <(body 58 "$test_case" '}')
refuses tests/x.cpp 1 "$test_case has 61 lines" < <(body 59 "$test_case" '}')
refuses tests/x.cpp 1 'TEST_CASE_METHOD(fixture, has 61' < <(body 57 "$long_test_case" '}')

# Formatting, names, scripts, paths.
if scripts/check 2>&1 | grep -q 'formatting is not checked'; then
  echo "skipped: formatting (another clang-format)"
else
  refuses runtime/x.cpp 1 'not formatted' < <(echo 'int  f();')
fi
refuses runtime/x.h 1 'rename it' < <(echo 'int f();')
refuses scripts/x 3 'bash -n' < <(printf '#!/usr/bin/env bash\nif true; then\n')
refuses docs/x.md 2 'path of one machine' < <(printf 'A\nSee `/%s/main/x`.\n' work)
accepts docs/x.md < <(printf 'See https://example.org/%s/ and a/%s/b.\n' work work)

((failures == 0)) && echo "scripts/check finds what it should"
