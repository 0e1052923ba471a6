"""The state machines of a link and of a channel, as tables, and the one function that moves through them.

Whatever is not in a table is not allowed: a step that the peer caused is then its ProtocolError, never a crash of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias, TypeVar

from rsh.errors import ProtocolError


class LinkState(Enum):
    """Where a link stands."""

    GREETING = "greeting"  # on a stream; the client's Hello is under way, the server's Welcome has not come
    OPEN = "open"  # on a stream, both have greeted
    DETACHED = "detached"  # the stream is gone; what is unacknowledged waits to be replayed
    CLOSED = "closed"  # over


class LinkStep(Enum):
    """What moves a link."""

    WELCOME = "welcome"
    DETACH = "detach"
    ATTACH = "attach"
    CLOSE = "close"


class ChannelState(Enum):
    """Where one end of a channel stands."""

    OPENING = "opening"  # we sent Open; data may follow it at once
    OFFERED = "offered"  # the peer sent Open; we have not answered
    OPEN = "open"
    CLOSED_HERE = "closed here"  # we sent Close; what still comes is dropped until theirs comes
    GONE = "gone"


# Where what arrives still means something. A name of the module, as it is looked at for each frame (see frames).
LISTENING: Final = (ChannelState.OPENING, ChannelState.OPEN, ChannelState.OFFERED)


class ChannelStep(Enum):
    """What moves a channel."""

    ACCEPT = "accept"  # by whichever end was offered the channel
    CLOSE_SENT = "close sent"
    CLOSE_RECEIVED = "close received"


_State = TypeVar("_State", bound=Enum)
_Step = TypeVar("_Step", bound=Enum)
Table: TypeAlias = Mapping[_State, Mapping[_Step, _State]]

LINK: Final[Table[LinkState, LinkStep]] = {
    LinkState.GREETING: {
        LinkStep.WELCOME: LinkState.OPEN,
        LinkStep.DETACH: LinkState.DETACHED,
        LinkStep.CLOSE: LinkState.CLOSED,
    },
    LinkState.OPEN: {
        LinkStep.DETACH: LinkState.DETACHED,
        LinkStep.ATTACH: LinkState.GREETING,
        LinkStep.CLOSE: LinkState.CLOSED,
    },
    LinkState.DETACHED: {
        LinkStep.DETACH: LinkState.DETACHED,
        LinkStep.ATTACH: LinkState.GREETING,
        LinkStep.CLOSE: LinkState.CLOSED,
    },
    LinkState.CLOSED: {LinkStep.CLOSE: LinkState.CLOSED, LinkStep.DETACH: LinkState.CLOSED},
}

CHANNEL: Final[Table[ChannelState, ChannelStep]] = {
    ChannelState.OPENING: {
        ChannelStep.ACCEPT: ChannelState.OPEN,
        ChannelStep.CLOSE_SENT: ChannelState.CLOSED_HERE,
        ChannelStep.CLOSE_RECEIVED: ChannelState.GONE,
    },
    ChannelState.OFFERED: {
        ChannelStep.ACCEPT: ChannelState.OPEN,
        ChannelStep.CLOSE_SENT: ChannelState.CLOSED_HERE,
        ChannelStep.CLOSE_RECEIVED: ChannelState.GONE,
    },
    ChannelState.OPEN: {
        ChannelStep.CLOSE_SENT: ChannelState.CLOSED_HERE,
        ChannelStep.CLOSE_RECEIVED: ChannelState.GONE,
    },
    ChannelState.CLOSED_HERE: {ChannelStep.CLOSE_RECEIVED: ChannelState.GONE},
    ChannelState.GONE: {},
}


def advance(table: Table[_State, _Step], state: _State, step: _Step) -> _State:
    """Give the state that follows.

    Raises:
        ProtocolError: the table knows no such step from there.
    """
    try:
        return table[state][step]
    except KeyError:
        raise ProtocolError(f"{step.value} while {state.value}") from None
