"""What is done with a path, in eleven characters, as rsync(1) writes it with --itemize-changes.

The first says what happens: `<` sent over there, `>` brought here, `=` copied from a file over there that has the same
content, `c` made, `h` made a hard link, `.` nothing but what follows. The second is the kind: f, d or L. Then what
differs, a dot for what does not: c the content by its digest, s the size, t the time, p the permissions, o owner or
group, x extended attributes; all plus signs for what is new.
"""

from __future__ import annotations

from typing import Final

NEW: Final = "+++++++++"
DELETING: Final = "*deleting  "


def itemize(
    what: str,
    kind: str,
    *,
    content: bool = False,
    size: bool = False,
    time: bool = False,
    mode: bool,
    owner: bool = False,
    extended: bool = False,
) -> str:
    """Describe a change of something that is there."""
    flags = (("c", content), ("s", size), ("t", time), ("p", mode), ("o", owner))
    return what + kind + "".join(sign if on else "." for sign, on in flags) + "..." + ("x" if extended else ".")
