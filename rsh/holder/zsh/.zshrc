__rsh_file=.zshrc
\builtin . "$__rsh_folder/read"
if [[ ! -o login ]]; then \builtin . "$__rsh_folder/begin"; fi
