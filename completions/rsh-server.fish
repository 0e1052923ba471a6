# Completion of rsh-server(8) for fish.

complete -c rsh-server -f
complete -c rsh-server -s h -l help -d 'show the options'

set -l daemon 'not __fish_seen_subcommand_from authorize url'
complete -c rsh-server -n $daemon -l bind -x -a '127.0.0.1:8000 0.0.0.0:8000 [::1]:8000 :8000' -d 'listen on ADDR'
complete -c rsh-server -n $daemon -l socket -r -F -a none -d 'Unix socket for the same user'
complete -c rsh-server -n $daemon -l max-connections -x -d 'connections in all'
complete -c rsh-server -n $daemon -l max-per-address -x -d 'connections from one address'
complete -c rsh-server -n $daemon -l max-unauthenticated -x -d 'connections that have not logged in yet, in all'
complete -c rsh-server -n $daemon -l max-unauthenticated-per-address -x -d 'the same from one address'
complete -c rsh-server -n $daemon -l max-channels -x -d 'requests at work in one session'
complete -c rsh-server -n $daemon -l max-sessions -x -d 'sessions of one key, those that are away included'
complete -c rsh-server -n $daemon -l linger -x -d 'seconds that a session is kept whose client is silent'
complete -c rsh-server -n $daemon -l grace -x -d 'seconds that a session is kept whose connection was closed'
complete -c rsh-server -n $daemon -l drain -x -d 'seconds that requests at work get to finish after SIGTERM'
complete -c rsh-server -n $daemon -l log-level -x -a 'debug info warning error' -d 'least level that is logged'
complete -c rsh-server -n $daemon -l log-json -d 'log JSON objects, one a line'
complete -c rsh-server -n $daemon -l version -d 'print the version'
complete -c rsh-server -n $daemon -a authorize -d 'let a key in'
complete -c rsh-server -n $daemon -a url -d 'print what rsh trust wants'
complete -c rsh-server -n '__fish_seen_subcommand_from url' -a '(__fish_print_hostnames)'
