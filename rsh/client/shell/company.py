"""Whoever hears what a living shell tells beside its output: of others who are attached, and of the connection."""

from __future__ import annotations

from rsh.errors import RshError
from rsh.protocol.shell_records import Started


class Company:
    """What a shell tells of others who are attached to it; this one does not listen."""

    def attends(self) -> bool:
        """Say whether lines that are not ours will be attended; otherwise their output goes to the idle sink."""
        return False

    def line_started(self, started: Started) -> None:
        """Hear that a line begins which is not ours, and is to be attended."""

    def notice(self, words: str) -> None:
        """Hear of somebody who has come, or gone."""

    def jobs_changed(self) -> None:
        """Hear that the shell has more jobs, or fewer."""

    def connection_lost(self, error: RshError) -> None:
        """Hear that the connection is gone; it is being made anew."""

    def connection_back(self, missed: int) -> None:
        """Hear that it is back, and how many bytes of output were lost for good."""

    def shell_over(self) -> None:
        """Hear that the shell has ended, or is lost to us, while no line ran."""
