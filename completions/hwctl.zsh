#compdef hwctl
# hwctl completion for zsh: source <(hwctl completion zsh)
# It puts the words to `hwctl __complete` and hands the answer over, and knows nothing of the commands itself.
_hwctl() {
  local program=hwctl line word width=0
  local -a lines plain shown open openshown
  # What only the shell can expand.
  if [[ $PREFIX == (\~|*\$|*\`)* ]]; then
    _files
    return
  fi
  # The program is asked by the path it was called by, so that a copy answers for itself.
  [[ $words[1] == */* ]] && program=${~words[1]}
  lines=("${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for word in "${(@)lines[2,-1]%%$'\t'*}"; do
    (( $#word > width )) && width=$#word
  done
  for line in "${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    word="${line%%$'\t'*}"
    [[ $line == *$'\t'* ]] && line="${(r:width:)word}  -- ${line#*$'\t'}"
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
# As a file _hwctl in $fpath it is itself the function at the first key press.
if [[ $funcstack[1] == _hwctl ]]; then
  _hwctl
else
  compdef _hwctl hwctl
fi
