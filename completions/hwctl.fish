# hwctl completion for fish: hwctl completion fish | source
# It puts the words to `hwctl __complete` and hands the answer over, and knows nothing of the commands itself.
function __hwctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    # The program is asked by the path it was called by, so that a copy answers for itself.
    set -l program hwctl
    string match -q '*/*' -- $before[1]; and set program $before[1]
    set -e before[1]
    # What only the shell can expand.
    if string match -qr '^~|[$(]' -- "$current"
        __fish_complete_path "$current"
        return
    end
    set -l plain (string unescape -- "$current" 2>/dev/null); or set plain "$current"
    set -l lines ($program __complete -- $before "$plain" 2>/dev/null)
    set -e lines[1]
    printf '%s\n' $lines
end
complete -c hwctl -e
complete -c hwctl -f -k -a '(__hwctl_complete)'
