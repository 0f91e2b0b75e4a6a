# hwctl completion for bash: source <(hwctl completion bash)
# It puts the words to `hwctl __complete` and hands the answer over, and knows nothing of the commands itself.
_hwctl() {
  local rest="${COMP_LINE:0:COMP_POINT}" program=hwctl words=() n=0 i blank word="" cut="" answer="" line
  COMPREPLY=()
  # COMP_WORDS is cut at = : and @ as well (COMP_WORDBREAKS): what no blank parts is joined again, and of the answer bash gets
  # what stands behind the last cut.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blank="${rest%%[![:space:]]*}"
    rest="${rest#"$blank"}"
    word="${COMP_WORDS[i]}"
    ((i == COMP_CWORD)) && word="$rest"
    rest="${rest#"$word"}"
    if ((i < 2)) || [[ -n "$blank" ]]; then
      cut=""
      words[n++]="$word"
    else
      cut="${words[n - 1]}"
      words[n - 1]="$cut$word"
    fi
  done
  [[ "$word" == [=:@] ]] && cut="${words[n - 1]}"
  if ((COMP_CWORD > 1)) && [[ "${COMP_WORDS[COMP_CWORD - 1]}" == *[\<\>] ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  # The program is asked by the path it was called by, so that a copy answers for itself.
  [[ "${words[0]}" == */* ]] && program="${words[0]/#\~/$HOME}"
  while IFS= read -r line; do
    if [[ -z "$answer" ]]; then
      answer="$line"
      continue
    fi
    line="${line%%$'\t'*}"
    line="${line#"$cut"}"
    # Names of files are quoted by bash itself, and within quotes nothing is.
    if [[ "$answer" == words* && "$word" != [\"\']* && "$line" == *[!][:alnum:]_.,:=@%/+[-]* ]]; then
      printf -v line '%q' "$line"
    fi
    COMPREPLY+=("$line")
  done < <("$program" __complete --quoted -- "${words[@]:1}" 2>/dev/null)
  case "$answer" in
    files*) compopt -o filenames 2>/dev/null ;;
    shell*) compopt -o default 2>/dev/null ;;
  esac
  [[ "$answer" == *nospace ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _hwctl hwctl
