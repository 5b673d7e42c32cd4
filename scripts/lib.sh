# shellcheck shell=bash
# What the scripts share. Source it: . "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# Debian packages, by what needs them.
build_packages=(g++ cmake ninja-build libcaf-dev libsimdjson-dev liblmdb-dev catch2
  nlohmann-json3-dev libexpected-dev libisal-dev libxxhash-dev libcli11-dev libspdlog-dev
  liburcu-dev libbenchmark-dev libmimalloc-dev prometheus-cpp-dev libssl-dev)
demo_packages=(iso-codes)
check_packages=(clang-format universal-ctags git)
fuzz_packages=(clang libclang-rt-dev llvm) # llvm: names functions in what is found
docs_packages=(doxygen)
manual_packages=(groff-base) # formats the manual page, in its test
packaging_packages=(pkg-config dpkg-dev file) # those of who installs and packages flok
network_packages=(openssl) # certificates for tests
# shellcheck disable=SC2034 # used by scripts/test
test_packages=("${build_packages[@]}" "${demo_packages[@]}" "${check_packages[@]}"
  "${fuzz_packages[@]}" "${docs_packages[@]}" "${manual_packages[@]}"
  "${packaging_packages[@]}" "${network_packages[@]}")

say() { printf '%s\n' "$*" >&2; }

# need_packages PACKAGE...: installs those that are missing, naming them first. Where all are
# there, it costs one look into dpkg's database and prints nothing.
need_packages() {
  local installed missing=() package as_root=()
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system; these packages, or what they are called here, are needed: $*"
    return 0
  fi
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
  for package in "$@"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      say "missing Debian packages: ${missing[*]}"
      say "there is no sudo here; as root, run: apt-get install ${missing[*]}"
      return 1
    fi
    as_root=(sudo)
  fi
  say "installing missing Debian packages: ${missing[*]}"
  run_logged "$root/build/packages.log" install_packages "${missing[@]}"
}

install_packages() {
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@"
}

# run_logged LOG COMMAND...: runs the command with its output in LOG; prints the end of LOG
# where the command fails.
run_logged() {
  local log=$1
  shift
  mkdir -p "$(dirname -- "$log")"
  "$@" >"$log" 2>&1 && return 0
  tail -n 40 "$log" >&2
  say "failed: $1; all of its output is in $log"
  return 1
}

# configure_and_build PRESET [TARGET...]: builds under build/PRESET; no target means all.
# Ninja re-runs CMake by itself where a CMakeLists.txt changed, but knows nothing of presets.
configure_and_build() {
  local preset=$1 targets=() brief=()
  shift
  (($#)) && targets=(--target "$@")
  [[ -t 1 ]] || brief=(-- --quiet) # a terminal gets one changing line, a log nothing
  (
    cd -- "$root" || exit 1
    if [[ ! -e build/$preset/build.ninja ||
      CMakePresets.json -nt build/$preset/build.ninja ]]; then
      say "configuring build/$preset"
      run_logged "$root/build/$preset.log" cmake --preset "$preset" || exit 1
    fi
    say "building build/$preset"
    cmake --build --preset "$preset" "${targets[@]}" "${brief[@]}"
  )
}
