# Completion of rsh-server(8) for bash.

_rsh_server() {
    local options="--bind --socket --motd --max-connections --max-per-address --max-unauthenticated
        --max-unauthenticated-per-address --max-channels --max-sessions --max-shells --max-jobs --linger --grace --drain
        --job-output --job-disk --job-ttl --session-ttl
        --log-level --log-json --version -h --help"
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} word
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == authorize || $word == url ]] || continue
        [[ $cur == -* ]] && COMPREPLY=($(compgen -W "-h --help" -- "$cur"))
        [[ $cur != -* && $word == url ]] && COMPREPLY=($(compgen -W "$(hostname -f 2>/dev/null || hostname)" -- "$cur"))
        return
    done
    case $before in
        --log-level) COMPREPLY=($(compgen -W "debug info warning error" -- "$cur")) ;;
        --bind) COMPREPLY=($(compgen -W "127.0.0.1 0.0.0.0 localhost" -- "$cur")) ;;
        --socket)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -W "none" -- "$cur") $(compgen -f -- "$cur"))
            ;;
        --motd)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$cur"))
            ;;
        --max-* | --job-* | --linger | --grace | --drain) ;;
        *)
            if [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "$options" -- "$cur"))
            else
                COMPREPLY=($(compgen -W "authorize url" -- "$cur"))
            fi
            ;;
    esac
}

complete -F _rsh_server rsh-server
