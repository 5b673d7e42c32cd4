#!/usr/bin/env bash
# Runs the demo and holds its table against the data itself.
# usage: demo_test.sh BUILD_FOLDER
set -euo pipefail
build=$1
lists=/usr/share/iso-codes/json
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

table=$("$build/flok-demo" --tool "$build/flok" --iso-codes "$lists" --data "$work/data")
printf '%s\n' "$table"

# entries LIST FILE FIELD: the table's count is how often the id field stands in the file.
entries() {
  local there
  there=$(grep -c "\"$3\":" "$lists/$2")
  printf '%s\n' "$table" | awk -v list="$1" -v n="$there" '
    $1 == list { found = $3 == n && $2 > 0 && $7 >= $5 } END { exit !found }' ||
    { echo "demo_test: $1 should have $there entries" >&2 && exit 1; }
}
entries countries iso_3166-1.json alpha_3
entries subdivisions iso_3166-2.json code
entries languages iso_639-3.json alpha_3
printf '%s\n' "$table" | grep -q 'all from disk' || { echo "demo_test: not from disk" >&2 && exit 1; }
