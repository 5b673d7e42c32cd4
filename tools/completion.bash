# Completes the command lines of flok in Bash. Subcommands and options are what --help says,
# namespaces and ids what the store or the running system on the line holds. Source it, or put it under
# share/bash-completion/completions as "flok".

_flok() {
  local flok=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local subcommand=${COMP_WORDS[1]} names=() store=() i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$("$flok" --help 2>/dev/null |
      awk '/^Subcommands:/ { inside = 1; next } /^$/ { inside = 0 } inside && /^  [a-z]/ { print $1 }')" -- "$word")
    return
  fi
  case $before in
    --data) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
    --config | --connect | --with) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$flok" "$subcommand" --help 2>/dev/null |
      grep -oE -- '--[a-z-]+' | sort -u)" -- "$word")
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --data | --config | --connect) store=("${COMP_WORDS[i]}" "${COMP_WORDS[++i]}") ;;
      --prefix | --after | --limit | --if-hash | --with | --interval) ((++i)) ;;
      --*) ;;
      *) names+=("${COMP_WORDS[i]}") ;;
    esac
  done
  case $subcommand/${#names[@]} in
    ls/0 | get/0 | put/0 | rm/0 | diff/0 | watch/0 | check/* | dump/*)
      mapfile -t COMPREPLY < <("$flok" ls "${store[@]}" 2>/dev/null |
        awk -v begin="$word" '{ sub(/  +[0-9]+ pages?( in memory)?,.*/, "") } index($0, begin) == 1') ;;
    get/1 | diff/1 | watch/1 | rm/*)
      mapfile -t COMPREPLY < <("$flok" ls "${names[0]}" "${store[@]}" --prefix "$word" \
        --limit 100 2>/dev/null) ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}

complete -o filenames -F _flok flok
