__rsh_file=.zprofile
\builtin . "$__rsh_folder/read"
