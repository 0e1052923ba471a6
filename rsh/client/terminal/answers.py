"""What a terminal says by itself when output has asked it: its kind, its colours, its size, a setting. Pure.

Who shows a file of any bytes, or leaves a program that asks as it starts, does not want that in the next line. Keys,
mouse and where the cursor stands (CPR) look otherwise.
"""

from __future__ import annotations

import re
from typing import Final

# xterm's ctlseqs, and kitty's protocols: answers to DA, DSR, DECRQM, the window's size, colours, DECRQSS and XTGETTCAP,
# XTVERSION, and graphics. No key sends any of these, and nobody types one within a single read.
_ANSWER: Final = re.compile(
    rb"\x1b\[[?>=][0-9;:]*\$?[a-zA-Z]"
    rb"|\x1b\[[0-9]+;[0-9]+\$y"
    rb"|\x1b\[[34568];[0-9]+;[0-9]+t"
    rb"|\x1b\](?:[lL]|(?:4|5|52|1[0-9]);)[^\x00-\x1f]*(?:\x07|\x1b\\)"
    rb"|\x1b(?:P[01]?[$+>!][r|]|_G)[^\x00-\x1f]*\x1b\\"
)


def without_answers(keys: bytes) -> bytes:
    """Give what was typed without what the terminal has said in between, as far as that is whole."""
    return _ANSWER.sub(b"", keys) if b"\x1b" in keys else keys
