# shellcheck shell=bash
# What the tests of the docs share. Source it.

# block FILE LANGUAGE N: the file's Nth fenced block of that language.
block() {
  awk -v open="\`\`\`$2" -v n="$3" '
    inside && /^```$/ { exit }
    inside { print }
    $0 == open && ++seen == n { inside = 1 }' "$1"
}
