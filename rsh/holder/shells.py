"""The shells that can be held: bash, zsh, and in the place of all others a plain sh (dialect.py).

An rc file may choose keys by `set -o vi`; that is taken back, for bash would edit what it reads from us, and show it.
What is to run before each prompt (PROMPT_COMMAND, precmd) runs before each report, and is the user's only while a line
runs: in between the shell itself would run it for commands of ours, and give it those to read.
The history holds the user's lines and none of ours: it is told each of them before it runs, or behind one that asks.
"""

import os

from rsh.holder.dialect import AT_TERMINAL, BASH_COMPLETE, FOLDER, RC_DESCRIPTOR, Dialect
from rsh.holder.first_words import BASH_FILES, BASH_FUNCTIONS
from rsh.holder.outcome import Outcome
from rsh.holder.wording import (
    COMMAND,
    DEFINITION,
    JOBS_FIRST,
    KEYS,
    LAST_WORD,
    NAME,
    OF_JOBS,
    PREVIOUS_JOB,
    SHOWS_HISTORY,
    TAKES_LAST,
    TRACE,
    WANTS_JOB,
    commands_of,
    count_jobs,
    is_closed,
    is_pipeline,
    quoted,
)

# What runs a line that chooses keys; where zsh finds its startup files, which read the user's own; and what answers how
# a line could go on there.
BASH_LINE = os.fsencode(os.path.join(FOLDER, "bash", "line"))
ZSH_FOLDER = os.path.join(FOLDER, "zsh")
ZSH_COMPLETE = os.fsencode(os.path.join(ZSH_FOLDER, "complete"))

# A longer line is not kept in the history of zsh, in bytes: that counts those before each word in 16 bits.
LONGEST_KEPT_BY_ZSH = 32_000


class Bash(Dialect):
    """bash(1), with our rc in the place of the user's, which that reads."""

    builtin = b"\\builtin "
    keep = b'__rsh_kept=$? __rsh_statuses=("${PIPESTATUS[@]}") __rsh_last=$_'
    statuses = b"PIPESTATUS"
    before_report = b"\\unset -f builtin; "  # which all of ours begins with
    before_report += b"\\builtin trap -p DEBUG INT QUIT TSTP >&9; \\builtin trap - DEBUG; "
    before_report += b'[[ -z ${PROMPT_COMMAND[*]-} || $- != *i* ]] || \\builtin eval "$__rsh_before_prompt"; '
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
        self._see_restriction(line, before)
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

    def _leave(self, line: bytes, status: int, trap: bytes) -> "list[bytes]":
        if not trap or LAST_WORD.search(line):
            return super()._leave(line, status, trap)
        # The trap is to see the line first, as it is how some (preexec) learn of that; it does not see a subshell.
        leave = [b"(\\builtin exit %d) && \\:" % status] if status else []
        return [self.builtin + trap, *leave]

    def _told(self, text: bytes) -> "tuple[bytes, bytes]":
        # A copy of the shell has none of its jobs.
        return (b"", b' <<<"$(\\builtin jobs)"') if WANTS_JOB.search(text) else super()._told(text)

    def _answers(self, kind: bytes, text: bytes) -> bytes:
        return b"\\builtin . " + quoted(BASH_COMPLETE) + b" " + kind + b" " + text


# The eval of a line is a job of zsh's, the first one, and a job that the line puts into the background would be the
# second. So something stands in the first places when the eval is counted, which makes room for the line's own jobs.
TAKE_PLACE = rb"__rsh_holds=1 \command sleep 60 <&- >&- 2>&- 8>&- 9>&- & __rsh_places+=($!); "
MOST_PLACES = 8

# The job before the current one may be the eval of a line that has put several into the background: that is over, and
# to kill it is to kill the shell itself. A job that comes and goes has zsh choose another.
FIND_PREVIOUS = b"\\builtin unsetopt monitor; \\: & \\builtin wait $!; \\builtin setopt monitor; "

# zsh counts the bytes before each word of what it reads in 16 bits, and dies of more than that; so what is longer
# it is given in pieces, in bytes.
LONGEST_READ = 8 * 1024

# Takes away a function of the name that all of ours begins with.
OWN = b"[[ -z ${functions[builtin]+set} ]] || \\unset -f builtin; "

# What __rsh_keep does: zsh reads each byte by itself, so what each line needs it is told only once.
KEEP = b"$__rsh_keep"

# Begins a pipeline that is inside of no eval, in a line of its own: aliases that would make more of it are off by then.
BEGIN_PIPELINE = b'; \\builtin eval "$__rsh_begin_pipe"\n'
IF_KNOWN = b"[[ -n $__rsh_known ]] && \\builtin setopt aliases && "

# Does behind it what __rsh_keep does.
KEEP_OF_PIPELINE = b'__rsh_word=$_ __rsh_piped=$? __rsh_pipe=("${pipestatus[@]}"); \\builtin eval "$__rsh_end_pipe"; '


class Zsh(Dialect):
    """zsh(1), which reads our startup files in the place of the user's, which those read."""

    builtin = b"\\builtin "
    keep = b'__rsh_kept=$? __rsh_statuses=("${pipestatus[@]}") __rsh_last=$_'
    statuses = b"pipestatus"
    begin = b"__rsh_on=1 && __rsh_make_room"
    tell = b'\\builtin eval "$__rsh_report"'
    longest_kept = LONGEST_KEPT_BY_ZSH
    remembers = True
    numb = True  # which came as a loop had just looked whether to end (breaks and errflag in execwhile(), loop.c)

    def __init__(self, shell: str) -> None:
        login = ["-l"] if os.environ.get("RSH_LOGIN") else []
        self.words = [shell, *login, "-o", "no_prompt_cr", "-o", "no_prompt_sp", "-i", "-s"]
        self.batch = [shell, "-s"]
        self.functions = (
            b"__rsh_unseen_begin=1; \\builtin . " + quoted(os.fsencode(ZSH_FOLDER) + b"/begin") + b" >/dev/null 2>&1\n"
        )
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
        self._see_restriction(line, before)
        line = line.replace(b"\0", b"")
        wants_previous = b"m" in before.options and PREVIOUS_JOB.search(line) and b"$!" not in line
        return (FIND_PREVIOUS if wants_previous else b"") + self._run(line, number, before)

    def _run(self, line: bytes, number: int, before: Outcome) -> bytes:
        if OF_JOBS.fullmatch(line.strip(b" \t")):
            return self._run_of_jobs(line, line.strip(b" \t"), number, before)
        if (found := JOBS_FIRST.fullmatch(line)) and not (count_jobs(line) or self._is_long(line)):
            rest = self._begin(b"", found[2], self._keep(found[2]) if is_closed(found[2]) else b"") + AT_TERMINAL
            return self._run_of_jobs(line, found[1] + b" " + rest, number, before)
        if is_pipeline(line) and not (before.switched_off or before.watched or self._is_long(line)):
            return self._run_pipeline(line, number, before)
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

    def _run_of_jobs(self, line: bytes, text: bytes, number: int, before: Outcome) -> bytes:
        """As run, for what is to find our eval's job neither current nor previous, nor by its number: it has none yet.

        Args:
            text: what the shell is to run for the line.
        """
        begin, behind = self._remember(line)
        if restore := self._restore(line, number, before):
            begin += self._begin(restore) + AT_TERMINAL + b"; "
        return begin + text + b"; " + self.report(number, behind)

    def _run_pipeline(self, line: bytes, number: int, before: Outcome) -> bytes:
        """As run, for a pipeline, without an eval unless one of its names is an alias for more than itself and options.

        Inside of an eval zsh gives the terminal to nobody when `fg` goes on with a pipeline that was stopped.
        """
        names = commands_of(line)
        known = b"".join(b":${${aliases[%b]-%b}#%b}" % ((name,) * 3) for name in names)
        known += b"".join(b"${galiases[%b]+;}" % word for word in sorted({*line.split()}) if NAME.fullmatch(word))
        known += b"".join(b"${saliases[%b]+;}" % name.rpartition(b".")[2] for name in names if b"." in name)
        begin, behind = self._remember(line)
        if restore := self._restore(line, number, before):
            begin += self._begin(restore) + AT_TERMINAL + b"; "
        evaluated = self._begin(b"", line, KEEP) + b"'\\builtin :'" + AT_TERMINAL
        run = IF_KNOWN + evaluated + b" || " + self._at_terminal(line) + b"; " + KEEP_OF_PIPELINE
        return b"__rsh_known=" + known + BEGIN_PIPELINE + begin + run + self.report(number, behind)

    def _at_terminal(self, pipeline: bytes) -> bytes:
        """Give a pipeline with the terminal as its stdin, unless it says what else that is."""
        first = COMMAND.search(pipeline)
        assert first is not None
        return first[0] + (b"" if b"<" in first[0] else b" <&8") + pipeline[first.end() :]

    def report(self, number: int, kept: bytes = b"") -> bytes:
        if number:
            return super().report(number, kept)
        return self.functions.replace(b"\n", b"; ") + super().report(0)

    def ask_again(self, number: int) -> bytes:
        # The eval of a line that was interrupted ends with a flag of zsh's own, where nothing else has failed.
        known = b"[[ $__rsh_line == %d || $__rsh_status != 2 ]] || __rsh_status=130; __rsh_line=%d; " % (number, number)
        return b"{ __rsh_status=${__rsh_kept:-$?}; " + known + self.tell + b"; }" + self.unseen + b"\n"

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
