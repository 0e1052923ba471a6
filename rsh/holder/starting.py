"""How a holder's process is started: `python -I -S -c START FOLDER ARGUMENTS`.

With -I and -S no variable, no site-packages of the user's and not the folder it happens to stand in has a say in the
process that holds their shell; what is left is the standard library, and FOLDER, which the package `rsh` is in.
"""

import os
import sys

# The first process ends at once, and that is waited for: so the holder is the child of nobody who would have to wait.
START = "import os, sys; os.fork() and os._exit(0); sys.path.append(sys.argv.pop(1)); " + (
    "from rsh.holder.__main__ import main; main()"
)

FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def command(*arguments: str) -> "list[str]":
    """Give the argument vector of a holder's process."""
    return [sys.executable, "-I", "-S", "-c", START, FOLDER, *arguments]
