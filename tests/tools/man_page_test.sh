#!/usr/bin/env bash
# The manual page has every subcommand and option that --help tells of, the exit statuses, where
# the documentation is, and nothing that groff warns of.
# usage: man_page_test.sh BUILD_FOLDER
set -euo pipefail
flok=$(cd -- "$1" && pwd)/flok
page=$1/tools/flok.1

fail() {
  printf 'man_page_test: %s\n' "$1" >&2
  exit 1
}

[[ -s $page ]] || fail "$page was not built"
"$flok" --man-page | diff "$page" - || fail "$page is not what this tool says"
text=$(sed 's/\\-/-/g; s/\\f[BIR]//g; s/\\(aq/'"'"'/g; s/\\e/\\/g; s/\\&//g' "$page")

# section SUBCOMMAND: what the page says of it.
section() { awk -v want=".SS flok $1" '/^\.S[SH]/ { on = $0 == want } on' <<<"$text"; }

mapfile -t commands < <("$flok" --help |
  awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }')
((${#commands[@]} >= 15)) || fail "--help tells of ${#commands[@]} subcommands"
for command in "${commands[@]}"; do
  help=$("$flok" "$command" --help)
  about=$(section "$command")
  [[ $about ]] || fail "$command is missing"
  [[ $help == *Example:* ]] || fail "$command --help has no example"
  while IFS= read -r option; do
    grep -qE -- "$option( |,|\$)" <<<"$about" || fail "$command: $option is missing"
  done < <(grep -oE -- '^  (-[a-z],)?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')
  while IFS= read -r example; do
    grep -qF -- "$example" <<<"$about" || fail "$command: the example is missing: $example"
  done < <(sed -n '/^Example:/,$p' <<<"$help" | sed 1d | sed '/^ *$/d')
done
for status in 0 1 2; do
  sed -n '/^\.SH EXIT STATUS/,/^\.SH SEE/p' <<<"$text" | grep -qx "$status" ||
    fail "the exit status $status is missing"
done
see=$(sed -n '/^\.SH SEE ALSO/,$p' <<<"$text")
[[ $see == *"share/doc/flok"* && $see != */share/doc/flok* ]] ||
  fail "where the documentation is, depends on where flok is installed"
warnings=$(groff -ww -man -Tascii -z "$page" 2>&1) || fail "groff: $warnings"
[[ ! $warnings ]] || fail "groff: $warnings"
echo "man_page_test: ${#commands[@]} subcommands are in it"
