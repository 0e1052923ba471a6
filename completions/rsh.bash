# Completion of rsh(1) for bash. Files over there are asked for with a short patience; what fails is passed over.

_rsh_commands="connect exec jobs logs wait cancel mux shell sessions attach kill reset put get sync ls cat edit rm mkdir mv cp ln chmod chown find du stat sum df ping info key trust help"

# The options of a command; without one, those that may stand in front of it.
_rsh_options() {
    case $1 in
        connect) printf '%s ' --name -b --batch -c -k --keep-going -X --no-rc --plain --prompt --ready-marker --no-echo -e --escape --encoding ;;
        exec) printf '%s ' -C --directory -E --env --timeout -t --tty -n --no-input -d --detach --id --json
            printf '%s ' -e --escape --encoding
            ;;
        mux) printf '%s ' --status --stop --persist --json ;;
        jobs | wait) printf '%s ' --json ;;
        logs) printf '%s ' -f --follow --json ;;
        cancel) printf '%s ' --grace --json ;;
        sessions) printf '%s ' --json ;;
        attach)
            printf '%s ' --read-only --steal --scrollback -X --no-rc --plain --prompt --ready-marker --no-echo
            printf '%s ' -e --escape --encoding
            ;;
        shell) printf '%s ' -C --directory -E --env -e --escape --encoding ;;
        put | get)
            printf '%s ' -t --target-directory -r -R --recursive -p --preserve --si --json
            printf '%s ' -a --archive -L --dereference --durability
            printf '%s ' --exclude --include --on-conflict -n --dry-run --limit --compress --no-compress
            ;;
        sync)
            printf '%s ' --delete -c --checksum -i --itemize-changes -y --yes -f --force -a --archive
            printf '%s ' --exclude --include -n --dry-run --limit --compress --no-compress --si --json
            ;;
        ls)
            printf '%s ' -l -a --all -A --almost-all -h --human-readable --si -1 -t -S -r --reverse -R --recursive
            printf '%s ' -d --directory -F --classify --json
            ;;
        rm) printf '%s ' -r -R --recursive -f --force -y --yes -n --dry-run ;;
        mkdir) printf '%s ' -n --dry-run -p --parents ;;
        mv) printf '%s ' -n --dry-run -t --target-directory ;;
        cp) printf '%s ' -n --dry-run -t --target-directory -r -R --recursive ;;
        ln) printf '%s ' -n --dry-run -t --target-directory -s --symbolic -f --force ;;
        chmod | chown) printf '%s ' -n --dry-run -R --recursive ;;
        find)
            printf '%s ' -n --name --type --depth --larger --smaller --newer --older -0 --null --json
            ;;
        du) printf '%s ' -h --human-readable --si --json ;;
        stat) printf '%s ' -L --dereference --json ;;
        sum) printf '%s ' -a --algorithm --json ;;
        df) printf '%s ' -h --human-readable --si --json ;;
        ping) printf '%s ' -c --count -i --interval --json ;;
        info) printf '%s ' --json ;;
        key) printf '%s ' -l --fingerprint --json ;;
        trust) printf '%s ' --replace --forget --json ;;
        "") printf '%s ' -V --version ;;
    esac
    printf '%s ' --help -q --quiet -v --verbose --color --colour --mux --reconnect-timeout --debug
}

# What the value of an option is: nothing for an option that has none.
_rsh_value_of() {
    case $1:$2 in
        *:--color | *:--colour) echo when ;;
        *:--mux) echo sharing ;;
        connect:-b | connect:--batch | get:-t | get:--target-directory) echo local ;;
        exec:-C | exec:--directory | shell:-C | shell:--directory) echo directory ;;
        put:-t | put:--target-directory | mv:-t | mv:--target-directory) echo remote ;;
        cp:-t | cp:--target-directory | ln:-t | ln:--target-directory) echo remote ;;
        find:-n | find:--name | find:--depth | find:--larger | find:--smaller) echo word ;;
        find:--newer | find:--older) echo word ;;
        find:--type) echo kind ;;
        sum:-a | sum:--algorithm) echo algorithm ;;
        attach:--scrollback | attach:--prompt | attach:--ready-marker | attach:-e | connect:--name) echo word ;;
        connect:-c | connect:--prompt | connect:--ready-marker | exec:-E | exec:--env | exec:--timeout) echo word ;;
        put:--on-conflict | get:--on-conflict) echo policy ;;
        sync:--exclude | sync:--include | sync:--limit) echo word ;;
        put:--durability | get:--durability) echo durability ;;
        put:--exclude | put:--include | put:--limit | get:--exclude | get:--include | get:--limit) echo word ;;
        connect:-e | exec:-e | shell:-e | *:--escape | *:--encoding | shell:-E | shell:--env) echo word ;;
        exec:--id | cancel:--grace | mux:--persist) echo word ;;
        ping:-c | ping:--count | ping:-i | ping:--interval) echo word ;;
    esac
}

# Aliases of config.toml and names in known_hosts, a line each.
_rsh_hosts() {
    local folder="${XDG_CONFIG_HOME:-$HOME/.config}/rsh" address rest
    echo localhost
    [[ -r $folder/config.toml ]] &&
        sed -n 's/^[[:blank:]]*\[hosts\.["'\'']\{0,1\}\([^]"'\'']*\)["'\'']\{0,1\}].*/\1/p' "$folder/config.toml"
    [[ -r $folder/known_hosts ]] &&
        while read -r address rest; do
            [[ $address == *:* ]] && echo "${address%:8000}"
        done <"$folder/known_hosts"
}

# Paths on HOST that begin with PATH, a line each, directories with a slash.
_rsh_there() {
    local host=$1 path=$2 front="" strip="" pattern found line
    local -A folders=()
    case $path in
        "~/"*) front="~/" path=${path:2} strip=./ ;;
        /*) ;;
        *) strip=./ ;; # HOST:8000 would be a port
    esac
    pattern=$host:$strip$(sed 's/[][*?]/[&]/g' <<<"$path")
    found=$(timeout 2 rsh ls -q -1 -d -- "$pattern*" "$pattern*/" </dev/null 2>/dev/null)
    while IFS= read -r line; do
        [[ $line == */ ]] && folders[${line%/}]=1
    done <<<"$found"
    while IFS= read -r line; do
        [[ -n $line && -z ${folders[$line]} ]] && printf '%s\n' "$front${line#"$strip"}"
    done <<<"$found"
}

# Commands on HOST that begin with a word.
_rsh_programs() {
    [[ -n $2 ]] &&
        timeout 2 rsh exec -q -n "$1" bash -c 'compgen -c -- "$1" | sort -u' - "$2" </dev/null 2>/dev/null
}

# Ids of the detached commands on HOST.
_rsh_jobs() {
    timeout 2 rsh jobs -q "$1" </dev/null 2>/dev/null | sed '1d; s/ .*//'
}

# Names of the living shells on HOST.
_rsh_shells() {
    timeout 2 rsh sessions -q "$1" </dev/null 2>/dev/null | sed '1d; s/ .*//'
}

# Offer lines of standard input that begin with $1, quoted as the line wants it.
_rsh_offer() {
    local line
    while IFS= read -r line; do
        [[ $line == "$1"* ]] || continue
        COMPREPLY+=("$(printf '%q' "$line")")
    done
    [[ ${COMPREPLY[0]} == *[/:] && ${#COMPREPLY[@]} -eq 1 ]] && compopt -o nospace 2>/dev/null
}

_rsh_local() {
    compopt -o filenames 2>/dev/null
    local line
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen -f -- "$1")
}

# HOST: or HOST:PATH.
_rsh_remote() {
    local word=$1 host path line quoted tilde="~/"
    if [[ $word == \[*\]:* ]]; then
        host=${word%%\]:*}] path=${word#*\]:}
    elif [[ $word == *:* && $word != \[* && $word != unix:* ]]; then
        host=${word%%:*} path=${word#*:}
    else
        _rsh_offer "$word" < <(_rsh_hosts | sed 's/$/:/')
        compopt -o nospace 2>/dev/null
        return
    fi
    if [[ $path =~ ^[0-9]+: ]]; then
        host=$host:${path%%:*} path=${path#*:}
    fi
    while IFS= read -r line; do
        printf -v quoted '%q' "$line"
        COMPREPLY+=("$host:${quoted/#\\$tilde/$tilde}")
    done < <(_rsh_there "${host//\\/}" "${path//\\/}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}

# Put the words of the line together again that COMP_WORDBREAKS has cut at : and =.
_rsh_words() {
    local line=${COMP_LINE:0:COMP_POINT} index blank word
    words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        blank=${line%%[![:space:]]*}
        line=${line:${#blank}}
        word=${COMP_WORDS[index]}
        [[ ${#word} -gt ${#line} ]] && word=$line
        if [[ -n $blank || ${#words[@]} -eq 0 ]]; then
            words+=("$word")
        else
            words[-1]+=$word
        fi
        line=${line:${#word}}
    done
}

# Take back what bash has for a separate word before the cursor.
_rsh_trim() {
    local front=""
    [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]] && front=${1%"${1##*:}"}
    [[ -n $front && ${COMPREPLY[0]} == "$front"* ]] && COMPREPLY=("${COMPREPLY[@]#"$front"}")
}

_rsh_value() {
    case $1 in
        when) COMPREPLY=($(compgen -W "always auto never" -- "$2")) ;;
        sharing) COMPREPLY=($(compgen -W "auto never" -- "$2")) ;;
        kind) COMPREPLY=($(compgen -W "f d l p s" -- "$2")) ;;
        algorithm) COMPREPLY=($(compgen -W "xxh128 sha256" -- "$2")) ;;
        durability) COMPREPLY=($(compgen -W "auto none file" -- "$2")) ;;
        policy) COMPREPLY=($(compgen -W "overwrite skip newer rename backup ask fail" -- "$2")) ;;
        local) _rsh_local "$2" ;;
        remote) _rsh_remote "$2" ;;
        directory) [[ -n $3 ]] && _rsh_offer "$2" < <(_rsh_there "$3" "${2//\\/}" | grep '/$') ;;
    esac
}

_rsh_operand() {
    local command=$1 word=$2 count=$3 host=$4
    case $command in
        help) COMPREPLY=($(compgen -W "$_rsh_commands" -- "$word")) ;;
        connect | exec | mux | shell | sessions | ping | info) ((count == 0)) && _rsh_offer "$word" < <(_rsh_hosts) ;;
        jobs | logs | wait | cancel)
            if ((count == 0)); then
                _rsh_offer "$word" < <(_rsh_hosts)
            else
                _rsh_offer "$word" < <(_rsh_jobs "$host")
            fi
            ;;
        attach | kill)
            if ((count == 0)); then
                _rsh_offer "$word" < <(_rsh_hosts)
            elif ((count == 1)); then
                _rsh_offer "$word" < <(_rsh_shells "$host")
            fi
            ;;
        trust) _rsh_offer "$word" < <(_rsh_hosts) ;;
        put | get | sync)
            if [[ ${word%%/*} == *:* ]]; then
                _rsh_remote "$word"
            else
                [[ $command != get || $count -gt 0 ]] && _rsh_local "$word"
                [[ $command != put || $count -gt 0 ]] && _rsh_add_hosts "$word"
            fi
            ;;
        chmod | chown) ((count > 0)) && _rsh_remote "$word" ;;
        ls | df | cat | edit | rm | mkdir | mv | cp | ln | find | du | stat | sum) _rsh_remote "$word" ;;
    esac
}

# A word of a remote command: its name, or a path over there.
_rsh_command_word() {
    local line
    if (($3 == 1)) && [[ $2 != */* ]]; then
        _rsh_offer "$2" < <(_rsh_programs "$1" "$2")
        return
    fi
    while IFS= read -r line; do
        COMPREPLY+=("$(printf '%q' "$line")")
    done < <(_rsh_there "$1" "${2//\\/}")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}

_rsh_add_hosts() {
    local line
    while IFS= read -r line; do
        [[ $line: == "$1"* ]] && COMPREPLY+=("$line:") && compopt -o nospace 2>/dev/null
    done < <(_rsh_hosts)
}

_rsh() {
    local words command="" host="" index word value="" count=0 ended=""
    COMPREPLY=()
    _rsh_words
    local cur=${words[-1]}
    for ((index = 1; index < ${#words[@]} - 1; index++)); do
        word=${words[index]}
        if [[ -n $value ]]; then
            value=""
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == -?* && ! ($command == exec && $count -gt 1) ]]; then
            value=$(_rsh_value_of "$command" "$word")
        elif [[ -z $command ]]; then
            command=$word
        else
            [[ $count -eq 0 ]] && host=${word//\\/}
            ((count += 1))
        fi
    done
    if [[ $command == exec && $count -gt 0 && ($count -gt 1 || -n $ended || $cur != -*) && -z $value ]]; then
        _rsh_command_word "$host" "$cur" "$count"
    elif [[ -n $value ]]; then
        _rsh_value "$value" "$cur" "$host"
    elif [[ -z $ended && $cur == --*=* ]]; then
        value=$(_rsh_value_of "$command" "${cur%%=*}")
        cur=${cur#*=}
        _rsh_value "$value" "$cur" "$host"
    elif [[ -z $ended && $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_rsh_options "$command")" -- "$cur"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "$_rsh_commands" -- "$cur"))
    else
        _rsh_operand "$command" "$cur" "$count" "$host"
    fi
    _rsh_trim "$cur"
}

complete -F _rsh rsh
