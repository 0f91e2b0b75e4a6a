#compdef hwctl
# hwctl completion for zsh: source <(hwctl completion zsh)
# It puts the words to `hwctl __complete` and hands the answer over, and knows nothing of the commands itself.
_hwctl() {
  local program=hwctl line word
  local -a lines plain shown open openshown
  # What only the shell can expand.
  if [[ $PREFIX == (\~|*\$|*\`)* ]]; then
    _files
    return
  fi
  # The program is asked by the path it was called by, so that a copy answers for itself.
  [[ $words[1] == */* ]] && program=${~words[1]}
  lines=("${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in "${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    word="${line%%$'\t'*}"
    line="${line/$'\t'/  -- }"
    if [[ $word == *[=/.] ]]; then
      open+=("$word")
      openshown+=("$line")
    else
      plain+=("$word")
      shown+=("$line")
    fi
  done
  (( $#open )) && compadd -S '' -l -d openshown -a open
  (( $#plain )) && compadd -l -d shown -a plain
  (( $#open + $#plain ))
}
compdef _hwctl hwctl
