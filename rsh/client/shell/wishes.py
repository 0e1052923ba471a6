"""How the user wants a program on a terminal over there to have the one here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rsh.client.cli.options import Options
from rsh.client.terminal.escapes import parse_escape

if TYPE_CHECKING:
    from rsh.client.api.spelling import Spelling
    from rsh.client.terminal.encoding import Transcoder
    from rsh.client.terminal.modes import Modes
    from rsh.session.session import Session


def _nothing() -> None:
    """There is nobody who would have to know."""


class Wishes(Struct):
    """What is wished.

    Attributes:
        escape: the character that begins an escape; None for none.
        transcoder: converts between the terminal's encoding and the other side's.
        spelling: how names are spelled over there; None: as they are.
        session: which `~R`, `~s` and `~#` are about.
        host: its name, for these.
        modes: follows what is shown, when that is more than this one program's doing.
        shown: what comes from over there goes to the screen.
        looks: put back at the end what a prompt can live with, too.
        detach: leaves what runs to itself over there; None where that cannot be.
        quits: QUIT ends our stay; else it is what the terminal made of a key, before that was handed over.
        taken: as console.RawMode: the terminal may be raw since the line was typed.
        renewed: hears that `session` is another one, as the last one was lost; called by any thread.
    """

    escape: int | None = ord("~")
    transcoder: Transcoder | None = None
    spelling: Spelling | None = None
    session: Session | None = None
    host: str = ""
    modes: Modes | None = None
    shown: bool = True
    looks: bool = True
    detach: Callable[[], None] | None = None
    quits: bool = True
    taken: Callable[[], list[Any] | None] = lambda: None
    renewed: Callable[[], None] = _nothing


def wishes_of(options: Options, host: str | None) -> Wishes:
    """Read --escape and --encoding.

    Raises:
        UsageError: there is no such character or encoding.
    """
    transcoder = spelling = None
    if options.encoding is not None:
        from rsh.client.api.spelling import spelling_of
        from rsh.client.terminal.encoding import Transcoder

        transcoder = Transcoder(options.encoding)
        spelling = spelling_of(transcoder.codec)
    return Wishes(parse_escape(options.escape), transcoder, spelling, host=host or "")
