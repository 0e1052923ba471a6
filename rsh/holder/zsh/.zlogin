__rsh_file=.zlogin
\builtin . "$__rsh_folder/read"
\builtin . "$__rsh_folder/begin"
