"""How a line has ended, as the shell reports it: what the next line has to know of it."""

import re

# A report: traps, if there are any; line, status, whether what was switched off is on again, and whether something is
# to run before each prompt; options, a | for `set -o pipefail`, directory, statuses of the pipeline. It comes in one
# write(2), but for the traps: so whoever waits for it is woken once.
REPORT = re.compile(
    rb"(trap -- '[^\0]*' DEBUG\n)?(?:trap -- [^\0]* (?:SIG)?(?:INT|QUIT|TSTP)\n)?"
    rb"(\d+)\0(\d+)\0([01])([012])\0([A-Za-z0-9]*)(\|?)\0([^\0]*)\0((?:\d*\0)*)\.\0"
)

# Stands in front of that where the shell acts on a signal that a key makes: what sets the trap, or a function.
TRAPPED = re.compile(rb"(?:' (?:SIG)?|^TRAP)(?:INT|QUIT|TSTP)\b", re.MULTILINE)

# Between a trap and one that a command of the prompt has set in its place.
AGAIN = b" DEBUG\ntrap -- '"

# All that is no letter of an option which a report switches off.
_LEFT_ALONE = bytes(set(range(256)) - set(b"evx"))


class Outcome:
    """What is known of a line that has ended.

    Attributes:
        line: its number. status: its own.
        restored: what had been switched off for a report was switched on again by the line.
        hooked: there is something to run before each prompt, which was put away. watched: and before each command.
        options: the letters of $-. directory: where the shell stands.
        statuses: of the line's last pipeline. pipefail: one ends as what failed in it.
        trap: the command that sets its DEBUG trap.
        heeds: it may have a trap for a signal that a key makes.
    """

    def __init__(self, line: int, status: int, directory: bytes = b"") -> None:
        self.line = line
        self.status = status & 0xFF
        self.directory = directory
        self.restored = self.hooked = self.watched = self.pipefail = False
        self.options = b""
        self.statuses: tuple[int, ...] = ()
        self.trap = b""
        self.heeds = True

    @property
    def restricted(self) -> bool:
        """Whether the shell opens no file to write to."""
        return b"r" in self.options

    @property
    def pipeline(self) -> bytes:
        """Give one that ends as the line's last one did; b"" where $? alone tells all, or it was none that did."""
        if not self.statuses or self.statuses == (self.status,):
            return b""
        failed = [status for status in self.statuses if status]
        status = failed[-1] if self.pipefail and failed else self.statuses[-1]
        text = b" | ".join(b"(exit %d)" % status for status in self.statuses)
        if self.status == status:
            return text
        return b"! " + text if self.status == (not status) else b""

    @property
    def switched_off(self) -> bytes:
        """Give the options that a report switches off, as far as they were on."""
        return self.options.translate(None, _LEFT_ALONE)


def read_report(found: "re.Match[bytes]") -> Outcome:
    """Make an outcome of what REPORT has matched, and of what stands before that."""
    trap, line, status, restored, hooked, options, pipefail, directory, statuses = found.groups(b"")
    outcome = Outcome(int(line), int(status), directory)
    outcome.restored, outcome.hooked, outcome.pipefail = restored == b"1", hooked != b"0", pipefail == b"|"
    outcome.watched = hooked == b"2"
    *before, last = trap.split(AGAIN)
    outcome.options, outcome.trap = options, b"trap -- '" + last if before else trap
    outcome.statuses = tuple(int(code) & 0xFF for code in statuses.split(b"\0") if code)
    outcome.heeds = TRAPPED.search(found.string[: found.start(2)]) is not None
    return outcome
