# Completes the command lines of flok in Bash. Subcommands, options and their values are what --help
# says, namespaces and ids what the store or the running system on the line holds. Source it, or put it
# under share/bash-completion/completions as "flok".

# What is completed with: these are the variables of _flok.

_flok_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }

_flok_files() {
  compopt -o filenames # which readline quotes, and shows without their folder
  mapfile -t COMPREPLY < <(compgen "$1" -- "$word")
}

# Lines of standard input, which are no file names, and no less to be quoted: whoever wrote the pages
# chose them. Behind a quote that is open, or where quoting them takes $'...', which an open quote
# would undo, nothing is offered; nor is what would be taken for an option.
_flok_names() {
  local name quoted
  while IFS= read -r name; do
    printf -v quoted %q "$name"
    [[ $word == [\'\"]* || $quoted == *"\$'"* || $name == -* ]] || COMPREPLY+=("$quoted")
  done
}

_flok_namespaces() {
  _flok_names < <("$flok" ls "${store[@]}" 2>/dev/null |
    awk -v begin="$word" '{ sub(/  +[0-9]+ pages?( in memory)?,.*/, "") } index($0, begin) == 1')
}

# Whether --help says that a value follows this option: its type, in capitals.
_flok_takes_value() { [[ $help == *$'\n'"  $1 "[A-Z]* ]]; }

_flok_value() {
  case $before in
    --data) _flok_files -d ;;
    --config | --connect | --with) _flok_files -f ;;
    --ns) _flok_namespaces ;;
    *) _flok_words "$(sed -n "s/^  $before [A-Z]*:{\([^}]*\)}.*/\1/p" <<<"$help" | tr , ' ')" ;;
  esac
}

_flok() {
  local flok=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local command=() names=() store=() help i
  COMPREPLY=()
  ((COMP_CWORD == 1)) || command=("${COMP_WORDS[1]}")
  help=$("$flok" "${command[@]}" --help 2>/dev/null)
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --data | --config | --connect) store+=("${COMP_WORDS[i]}" "${COMP_WORDS[++i]}") ;;
      --*) ! _flok_takes_value "${COMP_WORDS[i]}" || ((++i)) ;;
      *) names+=("${COMP_WORDS[i]}") ;;
    esac
  done
  if ((COMP_CWORD > 1)) && _flok_takes_value "$before"; then
    _flok_value
    return
  elif [[ $word == -* ]]; then
    _flok_words "$(sed -nE 's/^  (-[a-z],)?(--[a-z-]+).*/\2/p' <<<"$help")"
    return
  fi
  case ${command[0]-}/${#names[@]} in
    /*) _flok_words "$(sed -nE '/^Subcommands:/,$s/^  ([a-z]+) .*/\1/p' <<<"$help")" ;;
    ls/0 | get/0 | put/0 | rm/0 | diff/0 | watch/0 | check/* | dump/*) _flok_namespaces ;;
    get/1 | diff/1 | watch/1 | rm/*)
      _flok_names < <("$flok" ls "${names[0]}" "${store[@]}" --prefix "$word" --limit 100 2>/dev/null)
      ;;
    *) _flok_files -f ;;
  esac
}

complete -F _flok flok
