"""The shells that can be held: how each is started, and how a line is given to it and has to be reported.

A line of the user's is run by `eval`, with the terminal as its stdin, and its end is reported from the same row of
commands, so that no prompt is shown in between and `set -v` has nothing to show. Inside of the eval a last command
keeps what the eval itself would overwrite: the statuses and $_. What would watch or end our own commands (`set -e`,
`set -x`, `set -v`, a DEBUG trap) is switched off with each report and on again inside of the next eval.
An rc file may choose keys by `set -o vi`; that is taken back, for bash would edit what it reads from us, and show it.
What is to run before each prompt (PROMPT_COMMAND, precmd) runs before each report, and is the user's only while a line
runs: in between the shell itself would run it for commands of ours, and give it those to read.
Its history holds the user's lines and none of ours: it is told each of them before it runs, or behind one that asks.
"""

import os

from rsh.holder.first_words import BASH_FILES, BASH_FUNCTIONS, SH_FILES, SH_FUNCTIONS
from rsh.holder.outcome import Outcome
from rsh.holder.wording import (
    COMMAND,
    DEFINITION,
    KEYS,
    LAST_WORD,
    OF_JOBS,
    SHOWS_HISTORY,
    TAKES_LAST,
    TRACE,
    WANTS_JOB,
    commands_of,
    count_jobs,
    is_closed,
    quoted,
)

# Where a shell finds our rc file, which closes it: a single digit, as a plain sh knows no others.
RC_DESCRIPTOR = 7

# Where zsh finds its startup files, which read the user's own; and what answers how a line could go on.
FOLDER = os.path.dirname(os.path.abspath(__file__))
ZSH_FOLDER = os.path.join(FOLDER, "zsh")
BASH_LINE = os.fsencode(os.path.join(FOLDER, "bash", "line"))
BASH_COMPLETE = os.fsencode(os.path.join(FOLDER, "bash", "complete"))
ZSH_COMPLETE = os.fsencode(os.path.join(ZSH_FOLDER, "complete"))

# What a line of the user's finds at its descriptors.
AT_TERMINAL = b" 0<&8 9>&- 8<&-"

# A longer line is not kept in the shell's history, in bytes; that of zsh counts those before each word in 16 bits.
LONGEST_KEPT = 64 * 1024
LONGEST_KEPT_BY_ZSH = 32_000


# What a plain sh may be given without an eval, in bytes.
LONGEST_PLAIN = 1024


class Dialect:
    """A plain sh, and what it has in common with the others.

    Attributes:
        words: the argument vector for a terminal. batch: the one without.
        variables: of its environment.
        rc: what it reads first on a terminal, at RC_DESCRIPTOR; b"" for nothing.
        functions: what it has to know first of all without one, where it reads no rc.
    """

    builtin = b"\\command "  # without it a wrong line, or a readonly variable, ends a shell that has no terminal
    keep = b""
    statuses = b""
    begin = b"__rsh_on=1"
    before_report = b""  # what only the top level can do
    tell = b'__rsh_tell "${__rsh_last-}" && \\: "${__rsh_last-}"'
    longest_kept = LONGEST_KEPT
    remembers = False  # it has a history

    def __init__(self, shell: str) -> None:
        self.words, self.batch = ["/bin/sh", "-i", "-s"], ["/bin/sh", "-s"]
        self.functions = SH_FUNCTIONS.encode()
        self.rc = f"exec {RC_DESCRIPTOR}<&-".encode() + self.functions + SH_FILES.encode()
        self.variables = {"PS1": "", "PS2": "", "ENV": f"/proc/self/fd/{RC_DESCRIPTOR}"}

    def run(self, line: bytes, number: int, before: Outcome) -> bytes:
        """Give what has the shell run a line of the user's, with the terminal as its stdin, and report.

        Args:
            before: the outcome of the line before it.
        """
        line = line.replace(b"\0", b"")
        restore = self._restore(line, number, before)
        kept = self.keep and is_closed(line) and b"v" not in before.switched_off
        first, behind = self._remember(line)
        begin = self._begin(restore, line, self._keep(restore + line) if kept else b"")
        return first + begin + AT_TERMINAL + b"; " + self.report(number, behind)

    def ask_again(self, number: int) -> bytes:
        """Give what has the shell report whose line Ctrl-C may have ended, with all that stood behind it."""
        return self.report(number)

    def report(self, number: int, kept: bytes = b"") -> bytes:
        """Give what has the shell report; it does no harm to be asked twice.

        Args:
            kept: what has it keep the line in its history.
        """
        begin = b"{ __rsh_status=${__rsh_kept:-$?} __rsh_line=%d; " % number + kept
        return begin + self.before_report + self.tell + b"; } >/dev/null 2>&1\n"

    def ask(self, kind: bytes, text: bytes, path: bytes) -> bytes:
        """Give what has a copy of the shell tell, into the file at a path, how a text could go on."""
        command = self._answers(quoted(kind), quoted(text))
        inner, outer = self._told(text) if kind == b"argument" else (b"</dev/null", b"")
        ask = (
            b"{ ( "
            + command
            + b" ) "
            + inner
            + b" >"
            + quoted(path)
            + b" 8<&- 9>&- || \\:; } 2>/dev/null"
            + outer
            + b"; "
        )
        return ask + b'__rsh_leave "$__rsh_status" "${__rsh_last-}" && \\: "${__rsh_last-}"\n'

    def _told(self, text: bytes) -> "tuple[bytes, bytes]":
        """Give what the copy of the shell that is asked reads: as it opens that, or as the shell itself does."""
        return b"</dev/null", b""

    def _answers(self, kind: bytes, text: bytes) -> bytes:
        return b"exec bash --noprofile --norc " + quoted(BASH_COMPLETE) + b" " + kind + b" " + text

    def _remember(self, line: bytes) -> "tuple[bytes, bytes]":
        """Give what has the shell keep a line in its history: before it runs, and, if not then, behind it.

        A line that begins with a blank is not kept, nor a file of a line.
        """
        if not self.remembers or not line.strip() or line[:1].isspace() or len(line) > self.longest_kept:
            return b"", b""
        remember = b"__rsh_remember " + self._word(line)
        if self._is_seen_by(line):
            return b"", remember + b"; "
        return remember + b' "${__rsh_last-}" && \\: "${__rsh_last-}"; ', b""

    def _is_seen_by(self, line: bytes) -> bool:
        """Tell whether a line shows the history, or takes the end of it, where it is not to find itself."""
        return False

    def _word(self, line: bytes) -> bytes:
        """Give one word that is a line of the user's."""
        return quoted(line)

    def _begin(self, restore: bytes, line: bytes = b"", keep: bytes = b"") -> bytes:
        """Give what has the shell run a line between commands of ours, without what it is to have as its stdin."""
        evaluated = self.builtin + b"eval " + quoted(restore + line + keep)
        names = [] if restore or len(line) > LONGEST_PLAIN else commands_of(line)
        if not names:
            return evaluated
        # An error would name the eval. What an alias stands for may not be whole.
        known = b" || ".join(b"\\command alias " + name for name in names)
        plain = COMMAND.sub(rb"\\\g<0>", line)
        return b"if { " + known + b"; } >/dev/null 2>&1; then " + evaluated + b"; else " + plain + b"; fi"

    def _hooks(self, line: bytes) -> bytes:
        """Give what puts back what is to run before each prompt, and runs what is to run before a line."""
        return b"__rsh_show"

    def _restore(self, line: bytes, number: int, before: Outcome) -> bytes:
        """Switch on again what the last report has switched off, and leave $? and $_ as they were."""
        several = len(before.statuses) > 1 and self.statuses in line
        altered = before.switched_off or before.trap or before.hooked
        if not (altered or several or self._loses_state(line)):
            return b""
        commands = [self.begin]
        if before.hooked:
            commands.append(self._hooks(line))
        if before.switched_off:
            commands.append(self.builtin + b"set -" + before.switched_off)
        if before.trap:
            commands.append(self.builtin + before.trap.strip())
        commands.append(b'__rsh_leave %d "${__rsh_last-}" && \\: "${__rsh_last-}"' % (0 if several else before.status))
        if several:
            commands.append(b" | ".join(b"(exit %d)" % status for status in before.statuses) + b" && \\:")
        # What cannot be parsed is not begun: so the line stands behind the commands, unless it is to be shown as read.
        end = b"\n" if b"v" in before.switched_off else b" "
        return b"{ " + b"; ".join(commands) + b"; } >/dev/null 2>&1;" + end

    def _keep(self, text: bytes) -> bytes:
        """Give what keeps the statuses and $_ of a text, unseen."""
        return b"\n\n{ " + self.keep + b"; } >/dev/null 2>&1"

    def _loses_state(self, line: bytes) -> bool:
        """Tell whether a line would find what belongs to our own commands in $_ or $?."""
        return False


class Bash(Dialect):
    """bash(1), with our rc in the place of the user's, which that reads."""

    builtin = b"\\builtin "
    keep = b'__rsh_kept=$? __rsh_statuses=("${PIPESTATUS[@]}") __rsh_last=$_'
    statuses = b"PIPESTATUS"
    before_report = b"\\unset -f builtin; "  # which all of ours begins with
    before_report += b'[[ -z ${PROMPT_COMMAND[*]-} || $- != *i* ]] || \\builtin eval "$__rsh_before_prompt"; '
    before_report += b"\\builtin trap -p DEBUG INT QUIT TSTP >&9; \\builtin trap - DEBUG; "
    remembers = True

    def __init__(self, shell: str) -> None:
        rc = f"/proc/self/fd/{RC_DESCRIPTOR}"
        self.words = [shell, "--noprofile", "--noediting", "--rcfile", rc, "-i", "-s"]
        self.batch = [shell, "--noprofile", "--norc", "-s"]
        self.functions = BASH_FUNCTIONS.encode()
        self.rc = f"exec {RC_DESCRIPTOR}<&-".encode() + self.functions + BASH_FILES.encode()
        self.variables = {}
        self._keys_defined = False  # a function, or an alias, may choose keys

    def run(self, line: bytes, number: int, before: Outcome) -> bytes:
        if KEYS.search(line) and DEFINITION.search(line):
            self._keys_defined = True
        return super().run(line, number, before)

    def ask_again(self, number: int) -> bytes:
        # Behind Ctrl-C the shell itself has run what is to run before a prompt.
        return super().report(number, b"__rsh_prompted=1; ")

    def report(self, number: int, kept: bytes = b"") -> bytes:
        # Ctrl-C ends all startup files at once. Else this is done, and finds nothing to do.
        begin = b'\\unset -f builtin; __rsh_prompted=1; \\builtin eval "$__rsh_begin"; '
        return super().report(number, kept if number else begin)

    def _begin(self, restore: bytes, line: bytes = b"", keep: bytes = b"") -> bytes:
        # The choice of keys makes bash read lines by another way, unless a file makes it; in the midst of an eval it
        # loses the rest of that, and dies.
        if self._keys_defined or KEYS.search(line):
            return b"__rsh_text=" + quoted(restore + line + keep) + b"; \\builtin . " + quoted(BASH_LINE)
        return self.builtin + b"eval " + quoted(restore + line + keep)

    def _is_seen_by(self, line: bytes) -> bool:
        return TAKES_LAST.search(line) is not None

    def _loses_state(self, line: bytes) -> bool:
        return self._keys_defined or KEYS.search(line) is not None

    def _told(self, text: bytes) -> "tuple[bytes, bytes]":
        # A copy of the shell has none of its jobs.
        return (b"", b' <<<"$(\\builtin jobs)"') if WANTS_JOB.search(text) else super()._told(text)

    def _answers(self, kind: bytes, text: bytes) -> bytes:
        return b"\\builtin . " + quoted(BASH_COMPLETE) + b" " + kind + b" " + text


# The eval of a line is a job of zsh's, the first one, and a job that the line puts into the background would be the
# second. So something stands in the first places when the eval is counted, which makes room for the line's own jobs.
TAKE_PLACE = rb"__rsh_holds=1 \command sleep 60 </dev/null >/dev/null 2>&1 8>&- 9>&- & __rsh_places+=($!); "
MOST_PLACES = 8

# zsh counts the bytes before each word of what it reads in 16 bits, and dies of more than that; so what is longer
# it is given in pieces, in bytes.
LONGEST_READ = 8 * 1024

# Takes away a function of the name that all of ours begins with.
OWN = b"[[ -z ${functions[builtin]+set} ]] || \\unset -f builtin; "

# What __rsh_keep does: zsh reads each byte by itself, so what each line needs it is told only once.
KEEP = b"$__rsh_keep"


class Zsh(Dialect):
    """zsh(1), which reads our startup files in the place of the user's, which those read."""

    builtin = b"\\builtin "
    keep = b'__rsh_kept=$? __rsh_statuses=("${pipestatus[@]}") __rsh_last=$_'
    statuses = b"pipestatus"
    begin = b"__rsh_on=1 && __rsh_make_room"
    tell = b'\\builtin eval "$__rsh_report"'
    longest_kept = LONGEST_KEPT_BY_ZSH
    remembers = True

    def __init__(self, shell: str) -> None:
        login = ["-l"] if os.environ.get("RSH_LOGIN") else []
        self.words = [shell, *login, "-o", "no_prompt_cr", "-o", "no_prompt_sp", "-i", "-s"]
        self.batch = [shell, "-s"]
        self.functions = b"\\builtin . " + quoted(os.fsencode(ZSH_FOLDER) + b"/begin") + b" >/dev/null 2>&1\n"
        self.rc = b""
        self.variables = {"ZDOTDIR": ZSH_FOLDER}
        if "ZDOTDIR" in os.environ:
            self.variables["RSH_ZDOTDIR"] = os.environ["ZDOTDIR"]
        self._remembers_any = False  # its history holds a line

    def _remember(self, line: bytes) -> "tuple[bytes, bytes]":
        # An empty history is shown with what runs now, which would be ours.
        shown = not self._remembers_any and line[:1].isspace() and SHOWS_HISTORY.search(line)
        begin, behind = super()._remember(line.strip() if shown else line)
        return begin, (OWN + behind if b"builtin" in line else behind)

    def _is_seen_by(self, line: bytes) -> bool:
        # Likewise.
        remembers, self._remembers_any = self._remembers_any, True
        return remembers and SHOWS_HISTORY.search(line) is not None

    def _answers(self, kind: bytes, text: bytes) -> bytes:
        return b" ".join((b"\\builtin .", quoted(ZSH_COMPLETE), kind, text, quoted(BASH_COMPLETE)))

    def run(self, line: bytes, number: int, before: Outcome) -> bytes:
        line = line.replace(b"\0", b"")
        if OF_JOBS.fullmatch(line.strip(b" \t")):
            return self._run_of_jobs(line, number, before)
        text = self._given(line) + super().run(line, number, before)
        places = min(count_jobs(line), MOST_PLACES) if b"m" in before.options else 0
        if not places:
            return text
        return b"\\builtin unsetopt monitor; " + TAKE_PLACE * places + b"\\builtin setopt monitor; " + text

    def _given(self, line: bytes) -> bytes:
        """Give what gives it a line in pieces that is too long to be read in one."""
        if not self._is_long(line):
            return b""
        pieces = (line[start : start + LONGEST_READ] for start in range(0, len(line), LONGEST_READ))
        return b"__rsh_text=\n" + b"".join(b"__rsh_text+=" + quoted(piece) + b"\n" for piece in pieces)

    def _is_long(self, line: bytes) -> bool:
        return len(line) + 3 * line.count(b"'") > LONGEST_READ

    def _word(self, line: bytes) -> bytes:
        return b'"$__rsh_text"' if self._is_long(line) else quoted(line)

    def _begin(self, restore: bytes, line: bytes = b"", keep: bytes = b"") -> bytes:
        words = (quoted(restore) if restore else b"") + self._word(line)
        return self.builtin + b"eval " + words + (b'"$__rsh_keep"' if keep == KEEP else quoted(keep) if keep else b"")

    def _run_of_jobs(self, line: bytes, number: int, before: Outcome) -> bytes:
        """As run, for a line that is to find our eval's job neither current nor previous: it runs without one."""
        begin, behind = self._remember(line)
        if restore := self._restore(line, number, before):
            begin += self._begin(restore) + AT_TERMINAL + b"; "
        return begin + line.strip(b" \t") + b"; " + self.report(number, behind)

    def report(self, number: int, kept: bytes = b"") -> bytes:
        if number:
            return super().report(number, kept)
        return self.functions.replace(b"\n", b"; ") + super().report(0)

    def _hooks(self, line: bytes) -> bytes:
        return b"__rsh_show; __rsh_before_line " + self._word(line) + b" >&0 2>&0; __rsh_watch"

    def _keep(self, text: bytes) -> bytes:
        # Behind a redirection $_ is empty.
        return super()._keep(text) if TRACE.search(text) else KEEP

    def _loses_state(self, line: bytes) -> bool:
        return self._is_long(line) or LAST_WORD.search(line) is not None or count_jobs(line) > 0


def dialect(shell: str) -> Dialect:
    """Give the dialect of a shell by the name of its program; what is not known, a plain sh stands in for."""
    known = {"bash": Bash, "zsh": Zsh}
    return known.get(os.path.basename(shell), Dialect)(shell)
