"""What all shells that can be held have in common: how one is started, how a line is given to it, and how it reports.

A line of the user's is run by `eval`, with the terminal as its stdin, and its end is reported from the same row of
commands, so that no prompt is shown in between and `set -v` has nothing to show. Inside of the eval a last command
keeps what the eval itself would overwrite: the statuses and $_. What would watch or end our own commands (`set -e`,
`set -x`, `set -v`, a DEBUG trap) is switched off with each report and on again inside of the next eval.
"""

import os

from rsh.holder.first_words import SH_FILES, SH_FUNCTIONS
from rsh.holder.outcome import Outcome
from rsh.holder.wording import COMMAND, RESTRICTED, commands_of, is_closed, quoted

# Where a shell finds our rc file, which closes it: a single digit, as a plain sh knows no others.
RC_DESCRIPTOR = 7

# What answers how a line could go on, for all that have no better.
FOLDER = os.path.dirname(os.path.abspath(__file__))
BASH_COMPLETE = os.fsencode(os.path.join(FOLDER, "bash", "complete"))

# What a line of the user's finds at its descriptors.
AT_TERMINAL = b" 0<&8 9>&- 8<&-"

# A restricted shell opens no file to write to.
CLOSED = b" >&- 2>&-"

# A longer line is not kept in the shell's history, in bytes; nor is one run by a plain sh without an eval.
LONGEST_KEPT = 64 * 1024
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
    unseen = b" >/dev/null 2>&1"  # what commands of ours print
    keep = b""
    statuses = b""
    begin = b"__rsh_on=1"
    before_report = b""  # what only the top level can do
    tell = b'__rsh_tell "${__rsh_last-}" && \\: "${__rsh_last-}"'
    longest_kept = LONGEST_KEPT
    remembers = False  # it has a history
    numb = False  # behind an interrupt it may do nothing of what it reads, until the next one

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
        return begin + self.before_report + self.tell + b"; }" + self.unseen + b"\n"

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

    def _see_restriction(self, line: bytes, before: Outcome) -> None:
        """Print what is ours nowhere if the shell may open nothing for that, or perhaps not behind a line."""
        self.unseen = CLOSED if before.restricted or RESTRICTED.search(line) else Dialect.unseen

    def _hooks(self, line: bytes) -> bytes:
        """Give what puts back what is to run before each prompt, and runs what is to run before a line."""
        return b"__rsh_show"

    def _restore(self, line: bytes, number: int, before: Outcome) -> bytes:
        """Switch on again what the last report has switched off, and leave $? and $_ as they were."""
        pipeline = before.pipeline if self.statuses in line else b""
        altered = before.switched_off or before.trap or before.hooked
        if not (altered or pipeline or self._loses_state(line)):
            return b""
        commands = [self.begin]
        if before.hooked:
            commands.append(self._hooks(line))
        if before.switched_off:
            commands.append(self.builtin + b"set -" + before.switched_off)
        commands += self._leave(line, 0 if pipeline else before.status, before.trap.strip())
        if pipeline:
            # What stands behind && and || keeps `set -e` and a trap from hearing of it, and does not run.
            commands.append(pipeline + (b" && \\:" if before.status else b" || \\:"))
        # What cannot be parsed is not begun: so the line stands behind the commands, unless it is to be shown as read.
        end = b"\n" if b"v" in before.switched_off else b" "
        return b"{ " + b"; ".join(commands) + b"; }" + self.unseen + b";" + end

    def _leave(self, line: bytes, status: int, trap: bytes) -> "list[bytes]":
        """Give what sets the trap that watches commands, if there is one, and leaves $? and $_ as they were."""
        leave = b'__rsh_leave %d "${__rsh_last-}" && \\: "${__rsh_last-}"' % status
        return [self.builtin + trap, leave] if trap else [leave]

    def _keep(self, text: bytes) -> bytes:
        """Give what keeps the statuses and $_ of a text, unseen."""
        return b"\n\n{ " + self.keep + b"; }" + self.unseen

    def _loses_state(self, line: bytes) -> bool:
        """Tell whether a line would find what belongs to our own commands in $_ or $?."""
        return False
