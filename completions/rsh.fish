# Completion of rsh(1) for fish. Files over there are asked for with a short patience; what fails is passed over.

# The words of the line before the cursor that are no options: the command and its operands.
function __rsh_operands
    set -l skip ''
    set -l command ''
    set -l ended ''
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ''
        else if test -z "$ended"; and test "$word" = --
            set ended 1
        else if test -z "$ended"; and string match -q -- '-?*' $word
            switch "$command:$word"
                case '*:--color' '*:--colour' '*:--mux' 'mux:--persist' 'connect:-b' 'connect:--batch' 'connect:-c' 'connect:--prompt' 'connect:--ready-marker' 'connect:--name' \
                    'attach:--scrollback' 'attach:--prompt' 'attach:--ready-marker' 'attach:-e' \
                    'exec:-C' 'exec:--directory' 'exec:-E' 'exec:--env' 'exec:--timeout' 'exec:--id' 'cancel:--grace' \
                    'connect:-e' 'exec:-e' 'shell:-e' '*:--escape' '*:--encoding' \
                    'shell:-C' 'shell:--directory' 'shell:-E' 'shell:--env' \
                    'put:-t' 'put:--target-directory' 'get:-t' 'get:--target-directory' \
                    'put:--exclude' 'put:--include' 'put:--on-conflict' 'put:--limit' 'put:--durability' \
                    'sync:--exclude' 'sync:--include' 'sync:--limit' \
                    'get:--exclude' 'get:--include' 'get:--on-conflict' 'get:--limit' 'get:--durability' \
                    'cp:-t' 'cp:--target-directory' 'ln:-t' 'ln:--target-directory' \
                    'find:-n' 'find:--name' 'find:--type' 'find:--depth' 'find:--larger' 'find:--smaller' \
                    'find:--newer' 'find:--older' \
                    'mv:-t' 'mv:--target-directory' 'sum:-a' 'sum:--algorithm' \
                    'ping:-c' 'ping:--count' 'ping:-i' 'ping:--interval'
                    set skip 1
            end
        else
            test -z "$command"; and set command $word
            echo $word
        end
    end
end

# Whether the command is one of these; without any, whether there is none yet.
function __rsh_is
    set -l operands (__rsh_operands)
    test (count $argv) -eq 0 -a (count $operands) -eq 0; and return 0
    test (count $operands) -gt 0; and contains -- $operands[1] $argv
end

# Whether the command has so many operands: "0" or "1 2", one of them.
function __rsh_has
    contains -- (math (count (__rsh_operands)) - 1) $argv
end

# Aliases of config.toml and names in known_hosts.
function __rsh_hosts
    set -l folder ~/.config/rsh
    set -q XDG_CONFIG_HOME; and set folder $XDG_CONFIG_HOME/rsh
    echo localhost
    if test -r $folder/config.toml
        string replace -rf '^\s*\[hosts\.["\']?([^\]"\']*)["\']?\].*' '$1' <$folder/config.toml
    end
    if test -r $folder/known_hosts
        string replace -rf '^(\S+:\d+)\s.*' '$1' <$folder/known_hosts | string replace -r ':8000$' ''
    end
end

# Paths on host $argv[1] that begin with $argv[2], directories with a slash.
function __rsh_there
    set -l path $argv[2]
    set -l front ''
    set -l strip ./
    if string match -q '~/*' -- $path
        set front '~/'
        set path (string sub -s 3 -- $path)
    else if string match -q '/*' -- $path
        set strip ''
    end
    set -l pattern $argv[1]:$strip(string replace -ra '([\[\]*?])' '[$1]' -- $path)
    set -l found (timeout 2 rsh ls -q -1 -d -- $pattern'*' $pattern'*/' </dev/null 2>/dev/null)
    for line in $found
        contains -- $line/ $found; and continue
        echo $front(string replace -r '^\./' '' -- $line)
    end
end

# HOST: or HOST:PATH.
function __rsh_remote
    set -l word (commandline -ct)
    set -l parts (string match -r '^(\[[^]]*\](?::\d+(?=:))?|[^:/\[]+(?::\d+(?=:))?):(.*)$' -- $word)
    if test (count $parts) -lt 3
        for host in (__rsh_hosts)
            echo $host:
        end
        return
    end
    for path in (__rsh_there $parts[2] (string unescape -- $parts[3]; or echo $parts[3]))
        echo $parts[2]:$path
    end
end

# A directory over there, for exec -C.
function __rsh_directory
    set -l operands (__rsh_operands)
    test (count $operands) -ge 2; and __rsh_there $operands[2] (commandline -ct) | string match -r '.*/$'
end

# A word of a remote command: its name, or a path over there.
function __rsh_command_word
    set -l operands (__rsh_operands)
    set -l word (commandline -ct)
    test (count $operands) -ge 2; and test -n "$word"; or return
    if test (count $operands) -eq 2; and not string match -q '*/*' -- $word
        timeout 2 rsh exec -q -n $operands[2] bash -c 'compgen -c -- "$1" | sort -u' - $word </dev/null 2>/dev/null
    else
        __rsh_there $operands[2] $word
    end
end

# Ids of the detached commands on the host that was named.
function __rsh_jobs
    timeout 2 rsh jobs -q (__rsh_operands)[2] </dev/null 2>/dev/null | string replace -r ' .*' '' | tail -n +2
end

# Names of the living shells on the host that was named.
function __rsh_shells
    timeout 2 rsh sessions -q (__rsh_operands)[2] </dev/null 2>/dev/null | string replace -r ' .*' '' | tail -n +2
end

complete -c rsh -f
complete -c rsh -l help -d 'show this help'
complete -c rsh -s q -l quiet -d 'print errors only'
complete -c rsh -s v -l verbose -d 'say whom we are connected with; twice: show tracebacks'
complete -c rsh -l color -l colour -x -a 'always auto never' -d 'when to colour: always, auto, never'
complete -c rsh -l mux -x -a 'auto never' -d 'share a connection with this user\'s other commands: auto, never'
complete -c rsh -l reconnect-timeout -x -d 'leave after S without a connection, 0: at once'
complete -c rsh -l debug -d 'show tracebacks'

# connect
complete -c rsh -n '__rsh_is connect' -l name -x -d 'call the new shell NAME, for rsh attach'
complete -c rsh -n '__rsh_is connect' -s b -l batch -r -F -d 'take lines from FILE, - for stdin'
complete -c rsh -n '__rsh_is connect' -s c -x -d 'run LINE and leave; may be repeated'
complete -c rsh -n '__rsh_is connect' -s k -l keep-going -d 'in a batch, go on behind a line that fails'
complete -c rsh -n '__rsh_is connect' -s X -l no-rc -d 'pass over the rc file and what config.toml sets'
complete -c rsh -n '__rsh_is connect' -l plain -d 'no escape byte on the screen, a fixed prompt'
complete -c rsh -n '__rsh_is connect' -l prompt -x -d 'the prompt of --plain'
complete -c rsh -n '__rsh_is connect' -l ready-marker -x -d 'with --plain, a line before each prompt'
complete -c rsh -n '__rsh_is connect' -l no-echo -d 'with --plain, do not show what is typed'
complete -c rsh -n '__rsh_is connect' -s e -l escape -x -d 'begins an escape after Enter: a character, ^X, or none'
complete -c rsh -n '__rsh_is connect' -l encoding -x -d 'what is spoken over there, for a terminal'

# exec
complete -c rsh -n '__rsh_is exec' -s C -l directory -x -a '(__rsh_directory)' -d 'run it in DIR'
complete -c rsh -n '__rsh_is exec' -s E -l env -x -d 'set a variable for it'
complete -c rsh -n '__rsh_is exec' -l timeout -x -d 'end it after S seconds, exit 124'
complete -c rsh -n '__rsh_is exec' -s t -l tty -d 'give it a terminal'
complete -c rsh -n '__rsh_is exec' -s n -l no-input -d 'stdin is empty'
complete -c rsh -n '__rsh_is exec' -s d -l detach -d 'print an id and leave; it goes on without us, see jobs'
complete -c rsh -n '__rsh_is exec' -l id -x -d 'with --detach: start it once, however often KEY is asked for'
complete -c rsh -n '__rsh_is exec' -l json -d 'print one JSON object with status, duration and output'
complete -c rsh -n '__rsh_is exec' -s e -l escape -x -d 'begins an escape after Enter: a character, ^X, or none'
complete -c rsh -n '__rsh_is exec' -l encoding -x -d 'what is spoken over there, for a terminal'

# shell
complete -c rsh -n '__rsh_is shell' -s C -l directory -x -a '(__rsh_directory)' -d 'start it in DIR'
complete -c rsh -n '__rsh_is shell' -s E -l env -x -d 'set a variable for it'
complete -c rsh -n '__rsh_is shell' -s e -l escape -x -d 'begins an escape after Enter: a character, ^X, or none'
complete -c rsh -n '__rsh_is shell' -l encoding -x -d 'what is spoken over there, for a terminal'

# sessions, attach, kill
complete -c rsh -n '__rsh_is sessions' -l json -d 'print JSON, one object a line'
complete -c rsh -n '__rsh_is attach' -l read-only -d 'only look: nothing that is typed is taken'
complete -c rsh -n '__rsh_is attach' -l steal -d 'whoever is attached has to go'
complete -c rsh -n '__rsh_is attach' -l scrollback -x -d 'show so much of what it printed before: 64K'
complete -c rsh -n '__rsh_is attach' -s X -l no-rc -d 'pass over the rc file and what config.toml sets'
complete -c rsh -n '__rsh_is attach' -l plain -d 'no escape byte on the screen, a fixed prompt'
complete -c rsh -n '__rsh_is attach' -l prompt -x -d 'the prompt of --plain'
complete -c rsh -n '__rsh_is attach' -l ready-marker -x -d 'with --plain, a line before each prompt'
complete -c rsh -n '__rsh_is attach' -l no-echo -d 'with --plain, do not show what is typed'
complete -c rsh -n '__rsh_is attach' -s e -l escape -x -d 'begins an escape after Enter: a character, ^X, or none'
complete -c rsh -n '__rsh_is attach' -l encoding -x -d 'what is spoken over there, for a terminal'

# reset

# jobs, logs, wait, cancel
complete -c rsh -n '__rsh_is jobs logs wait cancel' -l json -d 'print JSON, one object a line'
complete -c rsh -n '__rsh_is logs' -s f -l follow -d 'and what it writes until it ends'
complete -c rsh -n '__rsh_is cancel' -l grace -x -d 'S seconds after TERM comes KILL'

# mux
complete -c rsh -n '__rsh_is mux' -l status -d 'list the shared connections, or that of HOST'
complete -c rsh -n '__rsh_is mux' -l stop -d 'stop them, or that of HOST, once what runs has ended'
complete -c rsh -n '__rsh_is mux' -l persist -x -d 'end it after S seconds without use'
complete -c rsh -n '__rsh_is mux' -l json -d 'print JSON, one object a line'

# put
complete -c rsh -n '__rsh_is put' -s t -l target-directory -x -a '(__rsh_remote)' -d 'the directory that takes all sources'
complete -c rsh -n '__rsh_is put' -s r -s R -l recursive -d 'accepted and implied: directories are copied whole'
complete -c rsh -n '__rsh_is put' -s p -l preserve -d 'accepted and implied: modes and times are kept'
complete -c rsh -n '__rsh_is put' -s a -l archive -d 'keep owner, group, attributes and ACLs, where allowed'
complete -c rsh -n '__rsh_is put' -s L -l dereference -d 'copy what symbolic links point to'
complete -c rsh -n '__rsh_is put' -l exclude -x -d 'leave out what a gitignore pattern names'
complete -c rsh -n '__rsh_is put' -l include -x -d 'take it in again'
complete -c rsh -n '__rsh_is put' -l on-conflict -x -a 'overwrite skip newer rename backup ask fail' -d 'what to do with files that are there already'
complete -c rsh -n '__rsh_is put' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is put' -l limit -x -d 'move so many bytes a second at most: 10M'
complete -c rsh -n '__rsh_is put' -l compress -d 'compress whatever shrinks'
complete -c rsh -n '__rsh_is put' -l no-compress -d 'compress nothing'
complete -c rsh -n '__rsh_is put' -l durability -x -a 'auto none file' -d 'when it has to be on the disk: auto, none, file (each)'
complete -c rsh -n '__rsh_is put' -l si -d 'tell sizes in powers of 1000'
complete -c rsh -n '__rsh_is put' -l json -d 'print JSON, one object a line'

# get
complete -c rsh -n '__rsh_is get' -s t -l target-directory -x -a '(__fish_complete_directories)' -d 'copy all sources into this directory'
complete -c rsh -n '__rsh_is get' -s r -s R -l recursive -d 'accepted and implied: directories are copied whole'
complete -c rsh -n '__rsh_is get' -s p -l preserve -d 'accepted and implied: modes and times are kept'
complete -c rsh -n '__rsh_is get' -s a -l archive -d 'keep owner, group, attributes and ACLs, where allowed'
complete -c rsh -n '__rsh_is get' -s L -l dereference -d 'copy what symbolic links point to'
complete -c rsh -n '__rsh_is get' -l exclude -x -d 'leave out what a gitignore pattern names'
complete -c rsh -n '__rsh_is get' -l include -x -d 'take it in again'
complete -c rsh -n '__rsh_is get' -l on-conflict -x -a 'overwrite skip newer rename backup ask fail' -d 'what to do with files that are there already'
complete -c rsh -n '__rsh_is get' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is get' -l limit -x -d 'move so many bytes a second at most: 10M'
complete -c rsh -n '__rsh_is get' -l compress -d 'compress whatever shrinks'
complete -c rsh -n '__rsh_is get' -l no-compress -d 'compress nothing'
complete -c rsh -n '__rsh_is get' -l durability -x -a 'auto none file' -d 'when it has to be on the disk: auto, none, file (each)'
complete -c rsh -n '__rsh_is get' -l si -d 'tell sizes in powers of 1000'
complete -c rsh -n '__rsh_is get' -l json -d 'print JSON, one object a line'

# sync
complete -c rsh -n '__rsh_is sync' -l delete -d 'delete from DST what SRC has not'
complete -c rsh -n '__rsh_is sync' -s c -l checksum -d 'compare by digest, not by size and time'
complete -c rsh -n '__rsh_is sync' -s i -l itemize-changes -d 'print each change, as rsync -i does'
complete -c rsh -n '__rsh_is sync' -s y -l yes -d 'do not ask before deleting'
complete -c rsh -n '__rsh_is sync' -s f -l force -d 'likewise'
complete -c rsh -n '__rsh_is sync' -s a -l archive -d 'keep owner, group, attributes and ACLs, where allowed'
complete -c rsh -n '__rsh_is sync' -l exclude -x -d 'leave out what a gitignore pattern names'
complete -c rsh -n '__rsh_is sync' -l include -x -d 'take it in again'
complete -c rsh -n '__rsh_is sync' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is sync' -l limit -x -d 'move so many bytes a second at most: 10M'
complete -c rsh -n '__rsh_is sync' -l compress -d 'compress whatever shrinks'
complete -c rsh -n '__rsh_is sync' -l no-compress -d 'compress nothing'
complete -c rsh -n '__rsh_is sync' -l si -d 'tell sizes in powers of 1000'
complete -c rsh -n '__rsh_is sync' -l json -d 'print JSON, one object a line'

# ls
complete -c rsh -n '__rsh_is ls' -s l -d 'mode, links, owner, group, size and time as well'
complete -c rsh -n '__rsh_is ls' -s a -l all -d 'names that start with a dot as well'
complete -c rsh -n '__rsh_is ls' -s A -l almost-all -d 'as -a, without . and ..'
complete -c rsh -n '__rsh_is ls' -s h -l human-readable -d 'sizes as 1.1K, 234M, 2G'
complete -c rsh -n '__rsh_is ls' -l si -d 'likewise, in powers of 1000'
complete -c rsh -n '__rsh_is ls' -s 1 -d 'one name a line'
complete -c rsh -n '__rsh_is ls' -s t -d 'newest first'
complete -c rsh -n '__rsh_is ls' -s S -d 'largest first'
complete -c rsh -n '__rsh_is ls' -s r -l reverse -d 'the other way round'
complete -c rsh -n '__rsh_is ls' -s R -l recursive -d 'directories with all below them'
complete -c rsh -n '__rsh_is ls' -s d -l directory -d 'directories themselves, not what is in them'
complete -c rsh -n '__rsh_is ls' -s F -l classify -d 'mark kinds: / directory, * program, @ link'
complete -c rsh -n '__rsh_is ls' -l json -d 'print JSON, one object a line'

# cat

# rm
complete -c rsh -n '__rsh_is rm' -s r -s R -l recursive -d 'directories and all below them'
complete -c rsh -n '__rsh_is rm' -s f -l force -d 'what is not there is no failure; ask nothing'
complete -c rsh -n '__rsh_is rm' -s y -l yes -d 'ask nothing'
complete -c rsh -n '__rsh_is rm' -s n -l dry-run -d 'say what would be done, do nothing'

# mkdir
complete -c rsh -n '__rsh_is mkdir' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is mkdir' -s p -l parents -d 'those above as well; existing ones are no failure'

# mv
complete -c rsh -n '__rsh_is mv' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is mv' -s t -l target-directory -x -a '(__rsh_remote)' -d 'the directory that takes all sources'

# cp
complete -c rsh -n '__rsh_is cp' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is cp' -s t -l target-directory -x -a '(__rsh_remote)' -d 'the directory that takes all'
complete -c rsh -n '__rsh_is cp' -s r -s R -l recursive -d 'accepted and implied: directories are copied whole'

# ln
complete -c rsh -n '__rsh_is ln' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is ln' -s t -l target-directory -x -a '(__rsh_remote)' -d 'the directory that takes all'
complete -c rsh -n '__rsh_is ln' -s s -l symbolic -d 'symbolic ones, which hold the path as it is written'
complete -c rsh -n '__rsh_is ln' -s f -l force -d 'replace what has the name'

# chmod, chown
complete -c rsh -n '__rsh_is chmod chown' -s n -l dry-run -d 'say what would be done, do nothing'
complete -c rsh -n '__rsh_is chmod chown' -s R -l recursive -d 'directories with all below them'

# find
complete -c rsh -n '__rsh_is find' -s n -l name -x -d 'with a name like this; may be repeated'
complete -c rsh -n '__rsh_is find' -l type -x -a 'f d l p s' -d 'f file, d directory, l link, p fifo, s socket'
complete -c rsh -n '__rsh_is find' -l depth -x -d 'no more than N levels down'
complete -c rsh -n '__rsh_is find' -l larger -x -d 'of more bytes than this: 10M'
complete -c rsh -n '__rsh_is find' -l smaller -x -d 'of fewer bytes than this'
complete -c rsh -n '__rsh_is find' -l newer -x -d 'changed less than S seconds ago: 2d'
complete -c rsh -n '__rsh_is find' -l older -x -d 'changed more than S seconds ago'
complete -c rsh -n '__rsh_is find' -s 0 -l null -d 'end each path with a NUL'
complete -c rsh -n '__rsh_is find' -l json -d 'print JSON, one object a line'

# du
complete -c rsh -n '__rsh_is du' -s h -l human-readable -d 'sizes as 1.1K, 234M, 2G'
complete -c rsh -n '__rsh_is du' -l si -d 'likewise, in powers of 1000'
complete -c rsh -n '__rsh_is du' -l json -d 'print JSON, one object a line'

# stat
complete -c rsh -n '__rsh_is stat' -s L -l dereference -d 'follow symbolic links'
complete -c rsh -n '__rsh_is stat' -l json -d 'print JSON, one object a line'

# sum
complete -c rsh -n '__rsh_is sum' -s a -l algorithm -x -a 'xxh128 sha256' -d 'xxh128 (quick) or sha256'
complete -c rsh -n '__rsh_is sum' -l json -d 'print JSON, one object a line'

# df
complete -c rsh -n '__rsh_is df' -s h -l human-readable -d 'sizes as 1.1K, 234M, 2G'
complete -c rsh -n '__rsh_is df' -l si -d 'likewise, in powers of 1000'
complete -c rsh -n '__rsh_is df' -l json -d 'print JSON, one object a line'

# ping
complete -c rsh -n '__rsh_is ping' -s c -l count -x -d 'stop after N'
complete -c rsh -n '__rsh_is ping' -s i -l interval -x -d 'wait S seconds between two'
complete -c rsh -n '__rsh_is ping' -l json -d 'print JSON, one object a line'

# info
complete -c rsh -n '__rsh_is info' -l json -d 'print JSON, one object a line'

# key
complete -c rsh -n '__rsh_is key' -s l -l fingerprint -d 'print its fingerprint only'
complete -c rsh -n '__rsh_is key' -l json -d 'print JSON, one object a line'

# trust
complete -c rsh -n '__rsh_is trust' -l replace -d 'put it in the place of the key we had'
complete -c rsh -n '__rsh_is trust' -l forget -d 'trust that server no longer; HOST will do for the URL'
complete -c rsh -n '__rsh_is trust' -l json -d 'print JSON, one object a line'

# what is no option
complete -c rsh -n __rsh_is -s V -l version -d 'print the version'
complete -c rsh -n __rsh_is -a connect -d 'Open the prompt over there; with no host, on this machine'
complete -c rsh -n __rsh_is -a exec -d 'Run one command over there'
complete -c rsh -n __rsh_is -a shell -d 'Run the login shell over there, as ssh does'
complete -c rsh -n __rsh_is -a sessions -d 'List the living shells over there'
complete -c rsh -n __rsh_is -a attach -d 'Go to a living shell; with no NAME to the one left last'
complete -c rsh -n __rsh_is -a kill -d 'End a living shell over there'
complete -c rsh -n __rsh_is -a reset -d 'Mend a terminal that a killed program has left unusable'
complete -c rsh -n __rsh_is -a jobs -d 'List the detached commands over there'
complete -c rsh -n __rsh_is -a logs -d 'Print what a detached command has written, each stream where it belongs'
complete -c rsh -n __rsh_is -a wait -d 'Wait until a detached command has ended, and exit as it did'
complete -c rsh -n __rsh_is -a cancel -d 'End a detached command and all that it started'
complete -c rsh -n __rsh_is -a mux -d 'Share one connection among commands; start it, list it, stop it'
complete -c rsh -n __rsh_is -a put -d 'Copy files and trees there'
complete -c rsh -n __rsh_is -a get -d 'Copy files and trees here'
complete -c rsh -n __rsh_is -a sync -d 'Make a directory like another, one here and one over there'
complete -c rsh -n __rsh_is -a ls -d 'List files over there'
complete -c rsh -n __rsh_is -a cat -d 'Print files from over there'
complete -c rsh -n __rsh_is -a edit -d 'Edit a file over there with the editor here'
complete -c rsh -n __rsh_is -a rm -d 'Remove files over there'
complete -c rsh -n __rsh_is -a mkdir -d 'Make directories over there'
complete -c rsh -n __rsh_is -a mv -d 'Rename or move files over there'
complete -c rsh -n __rsh_is -a cp -d 'Copy files and trees within the machine over there'
complete -c rsh -n __rsh_is -a ln -d 'Make links over there'
complete -c rsh -n __rsh_is -a chmod -d 'Change permissions over there'
complete -c rsh -n __rsh_is -a chown -d 'Change owner and group over there'
complete -c rsh -n __rsh_is -a find -d 'Look for files over there'
complete -c rsh -n __rsh_is -a du -d 'Tell how much files and trees over there take'
complete -c rsh -n __rsh_is -a stat -d 'Show all about files over there'
complete -c rsh -n __rsh_is -a sum -d 'Print digests of files over there'
complete -c rsh -n __rsh_is -a df -d 'Show how full the disks over there are'
complete -c rsh -n __rsh_is -a ping -d 'Measure round trips'
complete -c rsh -n __rsh_is -a info -d 'Tell what machine it is: system, clock, load, disks, versions'
complete -c rsh -n __rsh_is -a key -d 'Print this account\'s key line, for rsh-server authorize over there'
complete -c rsh -n __rsh_is -a trust -d 'Trust the server of a URL (rsh-server url there prints it), or list whom we trust'
complete -c rsh -n __rsh_is -a help -d 'Show the help of a command'
complete -c rsh -n '__rsh_is help' -a 'connect exec jobs logs wait cancel mux shell sessions attach kill reset put get sync ls cat edit rm mkdir mv cp ln chmod chown find du stat sum df ping info key trust'
complete -c rsh -n '__rsh_is connect exec jobs logs wait cancel mux shell sessions attach kill ping info trust; and __rsh_has 0' -a '(__rsh_hosts)' -d host
complete -c rsh -n '__rsh_is exec; and not __rsh_has 0' -a '(__rsh_command_word)'
complete -c rsh -n '__rsh_is jobs; and not __rsh_has 0' -a '(__rsh_jobs)' -d job
complete -c rsh -n '__rsh_is logs wait cancel; and __rsh_has 1' -a '(__rsh_jobs)' -d job
complete -c rsh -n '__rsh_is attach kill; and __rsh_has 1' -a '(__rsh_shells)' -d shell
complete -c rsh -n '__rsh_is put sync' -F
complete -c rsh -n '__rsh_is get; and not __rsh_has 0' -F
complete -c rsh -n '__rsh_is put get sync ls cat edit rm mkdir mv cp ln chmod chown find du stat sum df' -a '(__rsh_remote)'
