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

# Where Bash would show the words as file names.
as_files=
compopt() { [[ $* != "-o filenames" ]] || as_files=yes; }

# completes EXPECTED WORD...: the last word, which may be empty, becomes one of these.
completes() {
  local expected=$1
  shift
  as_files=
  COMP_WORDS=("$flok" "$@")
  COMP_CWORD=$#
  _flok
  [[ ${COMPREPLY[*]} == "$expected" ]] && return
  printf 'completion_test: %s: completes to "%s", not "%s"\n' "$*" "${COMPREPLY[*]}" "$expected"
  exit 1
}

# shown_as_files: what was completed last is; shown_whole: it is not.
shown_as_files() { [[ $as_files ]] || { echo "completion_test: ${COMPREPLY[*]}: no files" && exit 1; }; }
shown_whole() { [[ ! $as_files ]] || { echo "completion_test: ${COMPREPLY[*]}: files" && exit 1; }; }
[[ $(complete -p flok) == "complete -F _flok flok" ]] || { echo "completion_test: options" && exit 1; }

printf '{"pagers": [{"name": "mem", "namespace": "user"}], "storage": {"path": "data"},
  "listen": {"unix": "sock"}}' >services.json

completes "check compact" c
completes "shell serve stat" s
completes "top" t
completes "watch" w
completes "dump diff" d
completes "--data" get --da
completes "--prefix" ls --pre
completes "--help --version" --
completes "data" get --data da
shown_as_files
completes "info" shell --log-level i
completes "info warning error off" shell --config services.json --log-level ""
completes "" ls user --data data --prefix ""
completes "user" import --config services.json --ns ""
shown_whole
completes "services.json" import --config services.json --ns user --list l ser
shown_as_files
completes "user" get --data data ""
completes "" get --data data x
completes "news-1 news-2" get --data data user news
completes "other" rm --data data user news-1 o
completes "user" dump --data data u
completes "put" put user --data data pu
completes "--config --connect" ls --co
completes "--connect --color" watch --co
completes "news-2" diff --with ignored --data data user news-2

for id in l/1 l/2 "with space"; do
  printf '{"_id": "%s", "_type": "array", "entries": []}' "$id" | "$flok" put user --data data >put
done
completes "l/1 l/2" get --data data user l/
shown_whole
completes 'with\ space' get --data data user w
shown_whole

# Names that are hostile: nothing of them may run, whatever is typed before.
for id in -x '$(touch PWN)' $'\'\u0080;touch PWN;#' $'"\u0080$(touch PWN) " #'; do
  printf '{"_id": "%s", "_type": "array", "entries": []}' "${id//\"/\\\"}" |
    "$flok" put hostile --create --data data >put
done
completes '\$\(touch\ PWN\)' get --data data hostile ""
completes "" get --data data hostile "'"
completes "" get --data data hostile '"'
completes "" get --data data "'"
[[ ! -e PWN ]] || { echo "completion_test: an id was run" && exit 1; }

coproc SERVER { exec "$flok" serve --config services.json; }
read -r -t 60 <&"${SERVER[0]}" # it listens
completes "sock" ls --connect so
completes "user" ls --connect sock u
completes "news-1 news-2" watch --connect sock user news
echo "completion_test: all complete as they should"
