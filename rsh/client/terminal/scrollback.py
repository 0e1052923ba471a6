"""Output that was printed before we came, made fit to be shown again: without the questions to a terminal in it.

A program asked them of another terminal, and has its answers. Ours would answer again, and what now reads from it would
take the answers for keys.
"""

from __future__ import annotations

import re
from typing import Final

# Of ECMA-48 and xterm(1): device attributes and status, cursor position, mode and setting requests, window reports, and
# strings that ask for a colour, a capability or a title.
QUESTIONS: Final = re.compile(
    rb"\x1b\[[<=>?]?[0-9;]*[cn]"
    rb"|\x1b\[\??[0-9;]*\$p"
    rb"|\x1b\[>[0-9;]*q"
    rb"|\x1b\[(?:1[1-9]|2[01])(?:;[0-9]*)*t"
    rb"|\x1b\[\?u"
    rb"|\x1bZ|\x05"
    rb"|\x1bP[+$]q[^\x1b\x07]*\x1b\\"
    rb"|\x1b\][0-9;]*;\?(?:\x07|\x1b\\)"
)


def without_questions(data: bytes, size: int) -> bytes:
    """Take the questions out of the first `size` bytes."""
    return QUESTIONS.sub(b"", data[:size]) + data[size:]
