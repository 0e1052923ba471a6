"""The shells that can be held: how each is started, what it is told first, and how a line is given to it."""

import os

# Where bash finds its rc file, which closes it: beyond the single digits that are the shell's own.
RC_DESCRIPTOR = 50

# Nothing of the user's may get between: no alias (\), no function (builtin), no readonly variable, no IFS, no set -u.
REPORT_FUNCTION = (
    r"""__rsh_report() { \builtin set -- "$?"; \builtin printf '%d %s\0' "$1" "${PWD-$(\builtin pwd)}" >&9; """
    r"""{ \builtin unset PROMPT_COMMAND; \builtin printf -v PS1 ''; \builtin printf -v PS2 ''; } 2>/dev/null """
    r"""|| \builtin :; \builtin return "$1"; }"""
)

# For a plain sh, which has no `builtin`.
SH_REPORT_FUNCTION = r"""__rsh_report() { set -- "$?"; printf '%d %s\0' "$1" "${PWD-}" >&9; PS1= PS2=; return "$1"; }"""

# With && its status is still the line's, but a shell under `set -e` does not end when the line ended by Ctrl-C.
REPORT_LINE = b"__rsh_report && \\:\n"

BASH_RC = r"""
exec %d<&-
if [ -n "$RSH_LOGIN" ]; then
    [ -r /etc/profile ] && . /etc/profile 0<&8 8<&- 9>&-
    for __rsh_file in ~/.bash_profile ~/.bash_login ~/.profile; do
        [ -r "$__rsh_file" ] && { . "$__rsh_file" 0<&8 8<&- 9>&-; break; }
    done
    [ -r "$__rsh_file" ] || { [ -r ~/.bashrc ] && . ~/.bashrc 0<&8 8<&- 9>&-; }
    unset __rsh_file
elif [ -r ~/.bashrc ]; then
    . ~/.bashrc 0<&8 8<&- 9>&-
fi
\builtin unset RSH_LOGIN HISTFILE
\builtin set -o notify +o history
"""

# Called, so that nothing is shown before the first line; and not to be unset by accident, as nothing could end then.
BASH_END = r"""
\builtin readonly -f __rsh_report
\builtin unset PROMPT_COMMAND
PS1= PS2=
"""

# In one line, as a prompt is shown for each.
ZSH_SETUP = r"\unsetopt zle prompt_cr prompt_sp; \unset HISTFILE; \typeset +x PS1; "


class Dialect:
    """A plain sh, and what it has in common with the others.

    Attributes:
        words: the argument vector.
        rc: what it reads first, at RC_DESCRIPTOR; b"" for nothing.
        setup: the first that goes into its pipe.
    """

    evaluate = b"eval"

    def __init__(self, shell: str) -> None:
        self.words = ["/bin/sh", "-s"]
        self.rc = b""
        self.setup = SH_REPORT_FUNCTION.encode() + b"; " + REPORT_LINE

    def feed(self, line: bytes) -> bytes:
        """Give what has the shell run a line of the user's, with the terminal as its stdin, and report."""
        quoted = line.replace(b"\0", b"").replace(b"'", b"'\\''")
        return self.evaluate + b" '" + quoted + b"' 0<&8 9>&- 8<&-\n" + REPORT_LINE


class Bash(Dialect):
    """bash(1), with our rc in the place of the user's, which that reads."""

    evaluate = b"\\builtin eval"

    def __init__(self, shell: str) -> None:
        rc = f"/proc/self/fd/{RC_DESCRIPTOR}"
        self.words = [shell, "--noprofile", "--noediting", "--rcfile", rc, "-i", "-s"]
        self.rc = (BASH_RC % RC_DESCRIPTOR + REPORT_FUNCTION + BASH_END).encode()
        self.setup = REPORT_LINE


class Zsh(Dialect):
    """zsh(1), which reads the user's rc files by itself."""

    evaluate = b"\\builtin eval"

    def __init__(self, shell: str) -> None:
        login = ["-l"] if os.environ.pop("RSH_LOGIN", "") else []
        self.words = [shell, *login, "-o", "no_prompt_cr", "-o", "no_prompt_sp", "-i", "-s"]
        os.environ["PS1"] = ""  # of no use before the setup
        self.rc = b""
        self.setup = (ZSH_SETUP + REPORT_FUNCTION).encode() + b"; " + REPORT_LINE


def dialect(shell: str) -> Dialect:
    """Give the dialect of a shell by the name of its program; what is not known, a plain sh stands in for."""
    known = {"bash": Bash, "zsh": Zsh}
    return known.get(os.path.basename(shell), Dialect)(shell)
