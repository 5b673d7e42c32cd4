# Which file may include what. Prints "file:line: what is wrong; what to do" for each fault.
# Usage: awk -f check_includes.awk FILE... (paths from the repository's root)

function rules() {
  # Layers: files in FOLDER may include what begins with one of these.
  layer("runtime",  "runtime/")
  layer("actors",   "runtime/ actors/")
  layer("pagers",   "runtime/ pagers/ actors/messages.hpp actors/caf_compat.hpp")
  layer("flok.hpp", "runtime/ actors/ pagers/")
  layer("remote",   "runtime/ actors/ remote/")
  layer("remote.hpp", "remote/")
  layer("testing",  "runtime/ actors/ pagers/ testing/")
  layer("testing.hpp", "flok.hpp pagers/ testing/")
  layer("tools",    "runtime/ actors/ pagers/ flok.hpp tools/")
  layer("bench",    "runtime/ actors/ pagers/ flok.hpp bench/")
  layer("tests",    "runtime/ actors/ pagers/ flok.hpp remote/ remote.hpp testing/ testing.hpp tools/ tests/")
  layer("examples", "runtime/ actors/ pagers/ flok.hpp remote.hpp testing/ testing.hpp examples/")

  # Headers that users include too, as <flok/runtime/page.hpp>.
  installed = "^(runtime|actors|pagers|remote|testing)/[^/]+[.]hpp$"

  # Libraries that have one place, beside the benchmarks' floors.
  only("simdjson*", "runtime/codec*.?pp runtime/config*.cpp bench/*")
  only("isa-l*",    "runtime/hash.cpp bench/*")
  only("urcu/*",    "runtime/page_table.cpp bench/*")
  only("xxh*.h",    "runtime/hash.cpp bench/*")
  only("spdlog/*",  "actors/log.cpp tools/* tests/*")
  only("prometheus/*", "actors/prometheus.cpp")
  only("lmdb.h",    "actors/lmdb_store* bench/*")
  only("openssl/*", "remote/networking.cpp")
  only("caf/io/*",  "remote/* tests/remote/*")
  only("caf/openssl/*", "remote/*")
  only("catch2/*",  "tests/catch.hpp examples/testing/catch.hpp")
  only("CLI/*",     "tools/* bench/* examples/demo*")

  # The core is pure: no actor, logger, thread, clock, file or random device.
  never("runtime/*", "caf/*")
  never("runtime/*", "thread mutex shared_mutex condition_variable future")
  never("runtime/*", "chrono ctime time.h random iostream fstream filesystem unistd.h")

  # What differs between versions of CAF sits in these headers; no #if asks elsewhere.
  seam = "actors/caf_compat.hpp actors/caf_inspect.hpp actors/caf_testing.hpp remote/caf_network.hpp"
  seam_macros = "CAF_(MAJOR_|MINOR_|PATCH_)?VERSION"
}

# -- The rules as tables ----------------------------------------------------------------

function layer(folder, targets) { may_include[folder] = targets }

function only(header, places) {
  library[++libraries] = regex(header)
  library_places[libraries] = places
}

function never(place, headers) {
  ban[++bans] = regex(place)
  ban_headers[bans] = headers
}

# A glob as a regular expression: * any text, ? one character.
function regex(glob) {
  gsub(/[.+]/, "\\\\&", glob)
  gsub(/\*/, ".*", glob)
  gsub(/\?/, ".", glob)
  return "^" glob "$"
}

function matches_any(text, globs,   list, n, i) {
  n = split(globs, list, " ")
  for (i = 1; i <= n; i++)
    if (text ~ regex(list[i])) return 1
  return 0
}

function begins_with_any(text, beginnings,   list, n, i) {
  n = split(beginnings, list, " ")
  for (i = 1; i <= n; i++)
    if (index(text, list[i]) == 1) return 1
  return 0
}

# -- The checks -------------------------------------------------------------------------

function fault(text) { printf "%s:%d: %s\n", FILENAME, FNR, text }

function check_in_tree(target) {
  if (!begins_with_any(target, may_include[folder]))
    fault(folder " may not include \"" target "\"; it may include " \
          may_include[folder] "; move the code, or turn the dependency round")
}

# An installed header names its kin from where it stands, so that no path of ours need be on
# a user's include path; gives the path from the repository's root.
function from_root(target) {
  if (target ~ /^[^\/]+$/) return folder "/" target
  if (target ~ /^\.\.\/[^.\/]+\//) {
    if (index(target, "../" folder "/") != 1) return substr(target, 4)
    target = substr(target, 5 + length(folder))
  }
  fault("a header that is installed includes \"page.hpp\" of its own folder, and " \
        "\"../runtime/page.hpp\" of another; write \"" target "\" so")
  return ""
}

function check_library(target, quoted,   i, known) {
  for (i = 1; i <= libraries; i++)
    if (target ~ library[i]) {
      known = 1
      if (!matches_any(FILENAME, library_places[i]))
        fault("<" target "> is included only in " library_places[i] \
              "; use what is declared there")
    }
  for (i = 1; i <= bans; i++)
    if (FILENAME ~ ban[i] && matches_any(target, ban_headers[i]))
      fault("<" target "> has no place in " folder "/, which is pure; let the caller pass " \
            "the time, text or value in")
  if (quoted && !known)
    fault("\"" target "\" is no path from the repository's root; write an include of our " \
          "own like \"runtime/page.hpp\", one of a library with <>")
}

function check_include(line,   quoted, target, first) {
  quoted = line ~ /^"[^"]+"/
  if (!quoted && line !~ /^<[^>]+>/) {
    fault("an include is written with \"\" or <>, so that it can be checked")
    return
  }
  target = substr(line, 2)
  sub(/[">].*/, "", target)
  if (quoted && FILENAME ~ installed) target = from_root(target)
  if (target == "") return
  sub(/^flok\//, "", target) # as an installed flok is included
  first = target
  sub(/\/.*/, "", first)
  if (first in may_include) check_in_tree(target)
  else check_library(target, quoted)
}

BEGIN { rules() }

FILENAME ~ /^tests\/install\// { nextfile } # a project outside of the tree

FNR == 1 {
  folder = FILENAME
  sub(/\/.*/, "", folder)
  continues = 0
  if (!(folder in may_include))
    fault("no rule says what this file may include; move it, or add its folder to " \
          "scripts/check_includes.awk")
}

/^[ \t]*#[ \t]*include[ \t"<]/ {
  line = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
  if (folder in may_include) check_include(line)
}

/^[ \t]*#[ \t]*(if|elif)/ || continues {
  if ($0 ~ seam_macros && index(" " seam " ", " " FILENAME " ") == 0)
    fault("CAF's version is asked for in " seam " alone; give what differs a name there")
  continues = $0 ~ /\\$/
}
