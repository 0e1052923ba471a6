"""How the prompt is coloured: in the terminal's own palette, which its user has made fit for its ground.

Of that only what can be read on a light ground and on a dark one: no yellow, white, black or bright colour, and blue in
bold only.
"""

from __future__ import annotations

from typing import Final

LOOKS: Final = {
    "prompt.account": "bold",
    "prompt.host0": "bold ansigreen",
    "prompt.host1": "bold ansicyan",
    "prompt.host2": "bold ansimagenta",
    "prompt.host3": "bold ansiblue",
    "prompt.host4": "bold underline ansigreen",
    "prompt.host5": "bold underline ansicyan",
    "prompt.directory": "bold ansiblue",
    "prompt.status": "bold ansired",
    "prompt.jobs": "ansicyan",
    "prompt.link": "bold ansired",
    "prompt.end": "ansidefault",
    "auto-suggestion": "noinherit dim",
    "note": "dim",
    "bottom-toolbar": "noreverse dim",
    "completion-menu directory": "bold ansiblue",  # the menu's own colours come behind those of its entries
    # of the line (highlighting.py)
    "line.ours": "bold ansicyan",
    "line.command": "bold",
    "line.unknown": "ansired",
    "line.open": "ansired underline",
    "line.keyword": "bold ansimagenta",
    "line.builtin": "ansicyan",
    "line.string": "ansigreen",
    "line.variable": "ansimagenta",
    "line.comment": "dim italic",
    "line.operator": "bold",
}
