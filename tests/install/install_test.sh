#!/usr/bin/env bash
# Installs flok into a folder of its own, and builds and runs a project outside of the tree with
# it: by CMake's package, by pkg-config, and with flok's sources as a subdirectory; then the same
# with what the .deb holds.
# usage: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$(cd -- "$1" && pwd)
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  printf 'install_test: %s\n' "$1" >&2
  exit 1
}

# quietly COMMAND...: prints what it printed only where it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2 && fail "failed: $*"; }; }

# runs PROGRAM: a user's program, twice on one folder.
runs() {
  local folder
  folder=$(mktemp -d -p "$work")
  cp "$here/services.json" "$folder"
  [[ $("$1" "$folder") == "news: 0 entries, unconfirmed" ]] || fail "$1: first run"
  [[ $("$1" "$folder") == "news: 0 entries, unconfirmed" ]] || fail "$1: second run"
}

# runs_remote PROGRAM: one that publishes a system and connects to it.
runs_remote() {
  local folder
  folder=$(mktemp -d -p "$work")
  cp "$here/services.json" "$folder"
  [[ $("$1" "$folder") == written ]] || fail "$1"
}

# tests PROGRAM: the user's tests.
tests() {
  [[ $("$1") == 'user/news [{"_id":"a","title":"hello"}] pager ?' ]] || fail "$1"
}

# with_package PREFIX NAME: find_package, flok being installed in PREFIX.
with_package() {
  quietly cmake -S "$here" -B "$work/$2" -G Ninja "-DCMAKE_PREFIX_PATH=$1" -DCMAKE_BUILD_TYPE=Debug
  grep -q "^flok_DIR:PATH=$1/" "$work/$2/CMakeCache.txt" || fail "$2: another flok was found"
  quietly cmake --build "$work/$2"
  runs "$work/$2/uses_flok"
  runs_remote "$work/$2/uses_remote"
  tests "$work/$2/uses_flok_tests"
}

quietly cmake --install "$build" --prefix "$work/installed"
[[ $("$work/installed/bin/flok" --version) == *[0-9].[0-9]* ]] || fail "the installed tool"
[[ -s $work/installed/share/man/man1/flok.1 ]] || fail "the manual page is not installed"
with_package "$work/installed" package

PKG_CONFIG_PATH=$(dirname "$(find "$work/installed" -name flok.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
quietly g++ -std=c++20 -I "$here" "$here/main.cpp" "$here/own_pager.cpp" "$here/runtime/config.cpp" \
  $(pkg-config --cflags --libs flok) -o "$work/by_pkg_config"
runs "$work/by_pkg_config"
# shellcheck disable=SC2046
quietly g++ -std=c++20 -I "$here" "$here/remote.cpp" "$here/own_pager.cpp" "$here/runtime/config.cpp" \
  $(pkg-config --cflags --libs flok-remote) -o "$work/remote_by_pkg_config"
runs_remote "$work/remote_by_pkg_config"
quietly g++ -std=c++20 -I "$here" "$here/own_pager_test.cpp" "$here/own_pager.cpp" \
  $(pkg-config --cflags --libs flok-testing) -o "$work/tests_by_pkg_config"
tests "$work/tests_by_pkg_config"

quietly cmake -S "$here" -B "$work/sources" -G Ninja "-DFLOK_SOURCES=$here/../.." \
  -DCMAKE_BUILD_TYPE=
quietly cmake --build "$work/sources"
runs "$work/sources/uses_flok"
runs_remote "$work/sources/uses_remote"
tests "$work/sources/uses_flok_tests"

if [[ -e $build/CPackConfig.cmake ]]; then # not with a CAF that is not Debian's
  quietly cpack --config "$build/CPackConfig.cmake" -B "$work/deb"
  dpkg-deb -x "$work"/deb/*.deb "$work/root"
  [[ $("$work/root/usr/bin/flok" --version) == *[0-9].[0-9]* ]] || fail "the packaged tool"
  [[ -s $work/root/usr/share/man/man1/flok.1 ]] || fail "the manual page is not packaged"
  with_package "$work/root/usr" packaged
fi
echo "install_test: flok can be installed, packaged and used"
