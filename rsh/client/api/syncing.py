"""A sync of the public API: the client's end of the channel."""

from __future__ import annotations

from collections.abc import Container

from rsh.files.stream.compression import expanded, squeezed
from rsh.files.stream.pace import paced
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.report import Progress, Report
from rsh.protocol import requests
from rsh.session.channel import Channel


def sync_up(
    channel: Channel,
    *,
    request: requests.Sync,
    here: bytes,
    wishes: Wishes,
    progress: Progress | None,
    agreed: Container[bytes] | None,
) -> Report:
    """Make the directory of the request like one here."""
    pipe = squeezed(paced(channel, request.limit), request.compression, lambda: channel.direct)
    return sync_from(pipe, here, wishes, progress=progress, upward=True, agreed=agreed)


def sync_down(
    channel: Channel,
    *,
    request: requests.Sync,
    here: bytes,
    wishes: Wishes,
    progress: Progress | None,
    agreed: Container[bytes] | None,
) -> Report:
    """Make a directory here like that of the request."""
    fetched = request.path.rpartition(b"/")[2]
    pipe = expanded(channel, request.compression)
    return sync_to(pipe, here, wishes, progress=progress, fetched=fetched, agreed=agreed)
