# zsh finds these files in the place of the user's, each of which they read with the terminal as its stdin.
exec 7<&-
__rsh_folder=$ZDOTDIR
if [[ -n ${RSH_ZDOTDIR+set} ]]; then __rsh_zdotdir=$RSH_ZDOTDIR; fi
\builtin unset RSH_ZDOTDIR RSH_LOGIN
__rsh_file=.zshenv
\builtin . "$__rsh_folder/read"
