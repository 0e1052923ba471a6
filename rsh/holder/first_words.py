"""What a shell that is held is told first of all: functions of ours, and to read what is the user's own."""

# Nothing of the user's may get between: no alias (\), no function (builtin), no readonly variable, no IFS, no set -u.
# All this is run for each line, and what is read as a function is parsed only once. What bash itself has to do before a
# prompt, behind Ctrl-C, is the last of PROMPT_COMMAND.
BASH_FUNCTIONS = r"""
__rsh_tell() {
    [[ -n ${PWD+set} ]] || __rsh_pwd=$(\builtin pwd)
    [[ -z ${PS0-} ]] || __rsh_hide_ps0
    __rsh_options=${__rsh_options:-$-}
    [[ ! -o pipefail ]] || __rsh_options+='|'
    \builtin printf '%s\0' "$__rsh_line" "$__rsh_status" "${__rsh_on:-0}${__rsh_hooked:-0}" "$__rsh_options" \
        "${PWD-$__rsh_pwd}" "${__rsh_statuses[@]-}" . >&9
    \builtin set +evx
    __rsh_kept= __rsh_on= __rsh_options= __rsh_statuses=() __rsh_prompted=
    [[ -z ${PS1-}${PS2-} ]] || __rsh_end
    \builtin return "$__rsh_status"
}
__rsh_end() {
    \builtin printf -v PS1 ''
    \builtin printf -v PS2 ''
}
__rsh_no_editing() {
    if \builtin test -o vi; then \builtin set +o vi; fi
    if \builtin test -o emacs; then \builtin set +o emacs; fi
}
__rsh_leave() { \builtin return "$1"; }
__rsh_remember() {
    \builtin history -s -- "$1"
    \builtin return "$__rsh_status"
}
__rsh_show() {
    if [[ -z ${__rsh_hooks+set} ]]; then
        \:
    elif ((${#__rsh_hooks[@]} > 1)); then
        PROMPT_COMMAND=("${__rsh_hooks[@]}")
    else
        \builtin printf -v PROMPT_COMMAND %s "$__rsh_hooks"
    fi
    if [[ -n ${PROMPT_COMMAND[*]-}${__rsh_ps0-} ]] && ((BASH_VERSINFO[0] * 10 + BASH_VERSINFO[1] > 50)); then
        [[ -n ${PROMPT_COMMAND[*]-} && ${PROMPT_COMMAND@a} == *x* ]] ||
            \builtin printf -v 'PROMPT_COMMAND[99]' %s "$__rsh_last_hook"
    fi
    if [[ -n ${__rsh_ps0-} ]]; then
        \builtin printf -v PS0 %s "$__rsh_ps0"
        __rsh_leave "$__rsh_status" && \:
        \builtin printf %s "${__rsh_ps0@P}" >&0
    fi
    \builtin unset __rsh_hooks __rsh_hooked __rsh_ps0
}
__rsh_hide_ps0() {
    __rsh_ps0=$PS0
    \builtin printf -v PS0 ''
    if [[ -z $PS0 ]]; then __rsh_hooked=1; else __rsh_ps0=; fi
}
__rsh_last_hook='{ __rsh_at_prompt; } >/dev/null 2>&1'
__rsh_at_prompt() {
    __rsh_end
    [[ -z ${PS0-} ]] || __rsh_hide_ps0
}
__rsh_piped() {
    __rsh_pipe=
    ((${#__rsh_statuses[@]} > 1)) || \builtin return 0
    local IFS=, failed=${__rsh_statuses[${#__rsh_statuses[@]} - 1]}
    [[ ! -o pipefail || ${__rsh_statuses[*]} != *[1-9]* ]] || failed=1
    \builtin printf -v __rsh_pipe ' | (\\builtin exit %s)' "${__rsh_statuses[@]}"
    __rsh_pipe=${__rsh_pipe:3}
    ((!failed == !__rsh_status)) || __rsh_pipe="! $__rsh_pipe"
    if ((__rsh_status)); then __rsh_pipe+=' && \:'; else __rsh_pipe+=' || \:'; fi
    __rsh_pipe+=$'\n'
}
__rsh_drop_last_hook() {
    for __rsh_hook in "${!PROMPT_COMMAND[@]}"; do
        [[ ${PROMPT_COMMAND[__rsh_hook]} != "$__rsh_last_hook" ]] || \builtin unset "PROMPT_COMMAND[$__rsh_hook]"
    done
}
__rsh_hide() {
    __rsh_hooks=("${PROMPT_COMMAND[@]}")
    if ((!${#__rsh_hooks[@]})); then
        \builtin unset PROMPT_COMMAND
        \builtin return
    fi
    ((${#__rsh_hooks[@]} > 1)) || \builtin printf -v PROMPT_COMMAND ''
    [[ -z ${PROMPT_COMMAND[*]-} ]] || \builtin unset PROMPT_COMMAND
    [[ -n ${PROMPT_COMMAND[*]-} ]] || __rsh_hooked=1
}
__rsh_before_prompt='__rsh_options=${__rsh_options-}$-
\builtin set +evx
__rsh_drop_last_hook
if [[ -z ${__rsh_prompted-} && -n ${PROMPT_COMMAND[*]-} ]] &&
    \builtin printf -v PROMPT_COMMAND %s "${PROMPT_COMMAND-}"; then
    __rsh_piped
    for __rsh_hook in "${PROMPT_COMMAND[@]}"; do
        __rsh_leave "$__rsh_status" && \:
        \builtin eval "$__rsh_pipe$__rsh_hook"
    done 0<&8 >&8 2>&8 8<&- 9>&-
fi
\builtin trap -p DEBUG >&9
\builtin trap - DEBUG
__rsh_hide'
\builtin readonly -f __rsh_tell __rsh_end __rsh_no_editing __rsh_leave __rsh_remember
\builtin readonly -f __rsh_show __rsh_hide __rsh_hide_ps0 __rsh_at_prompt __rsh_drop_last_hook __rsh_piped
__rsh_begin='if [[ -z ${__rsh_begun-} ]]; then
    \builtin trap -p DEBUG >&9
    \builtin trap - DEBUG
    __rsh_begun=1 __rsh_status=0
    if [[ -n ${PROMPT_COMMAND[*]-} ]]; then \builtin eval "$__rsh_before_prompt"; fi
    __rsh_options=${__rsh_options-}$-
    \builtin set +evx
    \builtin unset RSH_LOGIN HISTFILE __rsh_file
    __rsh_no_editing
    if \builtin test -o history; then \builtin history -c; fi
    \builtin set -o notify +o history +H
    [[ -z ${PS0-} ]] || __rsh_hide_ps0
    __rsh_end
fi'
\builtin readonly __rsh_before_prompt __rsh_begin __rsh_last_hook
"""

# All of it is read before the user's files are, and what stands behind them is unseen, whatever they switch on.
BASH_FILES = r"""
{
    __rsh_file=~/.bashrc
    if [ -n "$RSH_LOGIN" ]; then
        [ -r /etc/profile ] && . /etc/profile 0<&8 8<&- 9>&-
        for __rsh_file in ~/.bash_profile ~/.bash_login ~/.profile ~/.bashrc; do
            [ -r "$__rsh_file" ] && break
        done
    fi
    [ -r "$__rsh_file" ] && . "$__rsh_file" 0<&8 8<&- 9>&-
    { \unset -f builtin; \builtin eval "$__rsh_begin"; } >/dev/null 2>&1
}
"""

# A plain sh has no `builtin`, no $_ that anybody uses, and no trap that watches: it tells of all traps.
SH_FUNCTIONS = r"""
__rsh_tell() {
    trap >&9
    printf '%s\0' "$__rsh_line" "$__rsh_status" "${__rsh_on:-0}0" "$-" "${PWD-}" . >&9
    set +evx
    __rsh_on= PS1= PS2=
    return "$__rsh_status"
}
__rsh_leave() { return "$1"; }
"""

SH_FILES = r"""
unset ENV
if [ -n "$RSH_LOGIN" ]; then
    [ -r /etc/profile ] && . /etc/profile 0<&8 8<&- 9>&-
    [ -r ~/.profile ] && . ~/.profile 0<&8 8<&- 9>&-
fi
unset RSH_LOGIN
PS1= PS2=
"""
