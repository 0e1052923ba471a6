# zsh finds these files in the place of the user's, each of which they read with the terminal as its stdin.
exec 7<&-
__rsh_folder=$ZDOTDIR
if [[ -n ${RSH_ZDOTDIR+set} ]]; then __rsh_zdotdir=$RSH_ZDOTDIR; fi
\builtin unset RSH_ZDOTDIR RSH_LOGIN

# What a file of the user's switches on to show what zsh does, or to end it for an error, is for those files only; and
# so is a function of the name that all of ours begins with.
__rsh_calm() {
    if [[ -n ${functions[builtin]+set} ]]; then \unset -f builtin; fi
    if [[ -n ${functions[TRAPDEBUG]+set} ]]; then
        functions[__rsh_trapdebug]=$functions[TRAPDEBUG]
        \builtin unfunction TRAPDEBUG
    fi
    __rsh_begun=${-//[^evx]/}
}
__rsh_file=.zshenv
\builtin . "$__rsh_folder/read"
