#!/usr/bin/env bash
# What tools/completion.bash completes.
# usage: completion_test.sh BUILD_FOLDER
set -euo pipefail
flok=$(cd -- "$1" && pwd)/flok
. "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/completion.bash"
work=$(mktemp -d)
trap '[[ ! ${SERVER_PID-} ]] || kill "$SERVER_PID"; rm -rf -- "$work"' EXIT
cd "$work"
for id in news-1 news-2 other; do
  printf '{"_id": "%s", "_type": "array", "entries": []}' "$id" |
    "$flok" put user --create --data data >put
done

# completes EXPECTED WORD...: the last word, which may be empty, becomes one of these.
completes() {
  local expected=$1
  shift
  COMP_WORDS=("$flok" "$@")
  COMP_CWORD=$#
  _flok
  [[ ${COMPREPLY[*]} == "$expected" ]] && return
  printf 'completion_test: %s: completes to "%s", not "%s"\n' "$*" "${COMPREPLY[*]}" "$expected"
  exit 1
}

printf '{"pagers": [{"name": "mem", "namespace": "user"}], "storage": {"path": "data"},
  "listen": {"unix": "sock"}}' >services.json

completes "check compact" c
completes "shell serve stat" s
completes "top" t
completes "watch" w
completes "dump diff" d
completes "--data" get --da
completes "--prefix" ls --pre
completes "data" get --data da
completes "user" get --data data ""
completes "" get --data data x
completes "news-1 news-2" get --data data user news
completes "other" rm --data data user news-1 o
completes "user" dump --data data u
completes "put" put user --data data pu
completes "--config --connect" ls --co
completes "--color --connect" watch --co
completes "news-2" get --prefix ignored --data data user news-2

coproc SERVER { exec "$flok" serve --config services.json; }
read -r -t 60 <&"${SERVER[0]}" # it listens
completes "sock" ls --connect so
completes "user" ls --connect sock u
completes "news-1 news-2" watch --connect sock user news
echo "completion_test: all complete as they should"
