#!/usr/bin/env bash
# Does what docs/guide.md says, in a folder of its own, with flok installed into another: the files
# are the guide's blocks, each command is run, and prints what the guide says.
# usage: guide_test.sh BUILD_FOLDER
set -euo pipefail
build=$(cd -- "$1" && pwd)
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
guide=$root/docs/guide.md
. "$root/scripts/lib.sh"
. "$root/tests/docs/blocks.sh"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  printf 'guide_test: %s\n' "$1" >&2
  exit 1
}

# save FILE LANGUAGE N: the block that the guide introduces as FILE.
save() {
  grep -qF "\`$1\`" "$guide" || fail "the guide names no $1"
  block "$guide" "$2" "$3" >"$1"
  [[ -s $1 ]] || fail "the guide has no $1"
}

# session N: runs the commands of the Nth one; what each prints, by lines as on a terminal, is what
# stands below it. Of those that show nothing, the output does not matter, but they succeed.
session() {
  local line command=
  : >"$work/expected"
  while IFS= read -r line; do
    if [[ $line != '$ '* ]]; then
      printf '%s\n' "$line" >>"$work/expected"
      continue
    fi
    if [[ $command ]]; then compare "$command"; fi
    command=${line#'$ '}
    : >"$work/expected"
    status=0
    eval "stdbuf -oL $command" >"$work/printed" 2>&1 </dev/null || status=$?
  done < <(block "$guide" console "$1")
  [[ $command ]] || fail "the guide has no session $1"
  compare "$command"
}

# compare COMMAND: what it has printed, or, where nothing is shown, whether it went well.
compare() {
  if [[ -s $work/expected ]]; then
    diff "$work/expected" "$work/printed" || fail "$1"
  elif ((status != 0)); then
    cat "$work/printed" >&2
    fail "exit status $status: $1"
  fi
}

# What is to be installed is known to scripts/lib.sh; building flok is what was done to get here.
block "$guide" sh 1 >"$work/install"
for package in $(sed -n '/apt-get/,/[^\\]$/p' "$work/install" | tr -d '\\' | sed 's/.*install//'); do
  [[ " ${build_packages[*]} " == *" $package "* ]] || fail "no such package: $package"
done
grep -qx 'sudo cmake --install build/release --prefix /usr/local' "$work/install" ||
  fail "the guide installs flok in another way"
cmake --install "$build" --prefix "$work/installed" >"$work/log" || fail "cmake --install"
export CMAKE_PREFIX_PATH=$work/installed PATH=$work/installed/bin:$PATH

mkdir "$work/todo" && cd "$work/todo"
save CMakeLists.txt cmake 1
save services.json json 1
save main.cpp cpp 1
session 1
grep -q "^flok_DIR:PATH=$work/installed/" build/CMakeCache.txt || fail "another flok was found"
session 2
save short_lists.cpp cpp 2
save short_lists.hpp cpp 3
save services.json json 2
session 3
[[ ! $(block "$guide" console 4)$(block "$guide" cpp 4)$(block "$guide" json 3)$(block "$guide" sh 2) ]] ||
  fail "the guide has a block that this does not run"
echo "guide_test: docs/guide.md can be followed"
