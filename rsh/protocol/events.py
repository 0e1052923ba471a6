"""What a link tells its driver: the meaning of the frames that arrived."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal, Welcome
from rsh.protocol.requests import Request


class Welcomed(NamedTuple):
    """The server has answered our Hello: we are connected."""

    welcome: Welcome


class Pinged(NamedTuple):
    """The peer wants a Pong."""

    token: int


class Ponged(NamedTuple):
    """The peer answered a Ping."""

    token: int
    clock: int


class Ended(NamedTuple):
    """The peer ended the session, or refused to begin one."""

    code: int
    text: str


class Opened(NamedTuple):
    """The peer opened a channel: accept or close it."""

    channel: int
    request: Request


class Accepted(NamedTuple):
    """The peer serves our request."""

    channel: int


class Arrived(NamedTuple):
    """Data came in a lane; after `end` nothing more comes there."""

    channel: int
    lane: int
    payload: Buffer
    end: bool


class Credited(NamedTuple):
    """A lane may send more."""

    channel: int


class Told(NamedTuple):
    """A message for the application of a channel."""

    channel: int
    message: Signal | Resize | Exit


class Closed(NamedTuple):
    """The peer is done with a channel, perhaps after we were; from now on it does not exist."""

    channel: int
    code: int
    text: str


Event: TypeAlias = Welcomed | Pinged | Ponged | Ended | Opened | Accepted | Arrived | Credited | Told | Closed
