"""Both sides, ready to be measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bench.measure import Candidate
from bench.peers import Rsh, Ssh, find_ssh


class Bench:
    """Both sides, and a folder in memory."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.rsh = Rsh(folder / "rsh")
        self.ssh: Ssh | None = find_ssh(folder / "ssh")

    def ours(self, name: str, *words: str, before: Callable[[], None] | None = None) -> Candidate:
        """Give a candidate that is our client."""
        return Candidate(name, self.rsh.command(*words), self.rsh.environment, before)

    def enter(self) -> None:
        """Have the Python API of this process use our client's folders."""
        folders = {name: value for name, value in self.rsh.environment.items() if name.startswith("XDG_")}
        os.environ.update(folders)

    def stop(self) -> None:
        """End what was started."""
        self.rsh.stop()
        if self.ssh:
            self.ssh.stop()
