#!/usr/bin/env bash
# Installs flok into a folder of its own, and builds and runs a project outside of the tree with
# it: by CMake's package, by pkg-config, and with flok's sources as a subdirectory; then the same
# with what the .deb holds. Warnings are errors there. Says what is missing where something is.
# usage: install_test.sh BUILD_FOLDER
set -euo pipefail
build=$(cd -- "$1" && pwd)
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
prometheus=OFF # as the build is: without prometheus-cpp there is none
[[ ! -e $build/flok-prometheus.pc ]] || prometheus=ON
strict=(-std=c++20 -Wall -Wextra -Wshadow -Wpedantic -Werror)

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

# runs_prometheus PROGRAM: one that serves metrics.
runs_prometheus() { [[ $prometheus == OFF || $("$1" "$here") == served ]] || fail "$1"; }

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
  runs_prometheus "$work/$2/uses_prometheus"
  tests "$work/$2/uses_flok_tests"
}

# without PREFIX FILE WORDS: where FILE is missing from an installation, find_package fails, and
# says so.
without() {
  local package
  package=$(dirname "$(find "$1" -name flokConfig.cmake)")
  mv "$package/$2" "$work/aside"
  ! cmake -S "$here" -B "$work/without" -G Ninja "-DCMAKE_PREFIX_PATH=$1" >"$work/log" 2>&1 ||
    fail "$2 is not missed"
  tr -s ' \n' ' ' <"$work/log" | grep -qF -- "$3" || { cat "$work/log" >&2 && fail "not said: $3"; }
  mv "$work/aside" "$package/$2"
}

quietly cmake --install "$build" --prefix "$work/installed"
[[ $("$work/installed/bin/flok" --version) == *[0-9].[0-9]* ]] || fail "the installed tool"
[[ -s $work/installed/share/man/man1/flok.1 ]] || fail "the manual page is not installed"
with_package "$work/installed" package

PKG_CONFIG_PATH=$(dirname "$(find "$work/installed" -name flok.pc)")
export PKG_CONFIG_PATH
# by_pkg_config PACKAGE SOURCE...: a program of these, named like the package.
by_pkg_config() {
  local package=$1 flags
  shift
  read -ra flags < <(pkg-config --cflags --libs "$package")
  quietly g++ "${strict[@]}" -I "$here" "${@/#/$here/}" "${flags[@]}" -o "$work/$package"
}

by_pkg_config flok main.cpp own_pager.cpp runtime/config.cpp
runs "$work/flok"
by_pkg_config flok-remote remote.cpp own_pager.cpp runtime/config.cpp
runs_remote "$work/flok-remote"
if [[ $prometheus == ON ]]; then
  by_pkg_config flok-prometheus prometheus.cpp
  runs_prometheus "$work/flok-prometheus"
fi
by_pkg_config flok-testing own_pager_test.cpp own_pager.cpp
tests "$work/flok-testing"

# All headers that are installed, warned of by either compiler.
read -ra flags < <(pkg-config --cflags flok)
(cd "$work/installed/include" && find flok -name '*.hpp' | sort) |
  sed 's/.*/#include <&>/' >"$work/every_header.cpp"
for compiler in g++ clang++; do
  ! command -v "$compiler" >/dev/null ||
    quietly "$compiler" "${strict[@]}" -fsyntax-only "$work/every_header.cpp" "${flags[@]}"
done

quietly cmake -S "$here" -B "$work/sources" -G Ninja "-DFLOK_SOURCES=$here/../.." \
  -DCMAKE_BUILD_TYPE=
quietly cmake --build "$work/sources"
runs "$work/sources/uses_flok"
runs_remote "$work/sources/uses_remote"
runs_prometheus "$work/sources/uses_prometheus"
tests "$work/sources/uses_flok_tests"

if [[ -e $build/CPackConfig.cmake ]]; then # not with a CAF that is not Debian's
  quietly cpack --config "$build/CPackConfig.cmake" -B "$work/deb"
  dpkg-deb -x "$work"/deb/*.deb "$work/root"
  [[ $("$work/root/usr/bin/flok" --version) == *[0-9].[0-9]* ]] || fail "the packaged tool"
  [[ -s $work/root/usr/share/man/man1/flok.1 ]] || fail "the manual page is not packaged"
  with_package "$work/root/usr" packaged
fi

without "$work/installed" flok-remote-targets.cmake \
  "flok's component remote: flok was built without it: install Debian's libssl-dev"
echo "install_test: flok can be installed, packaged and used"
