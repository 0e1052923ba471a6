"""A sync of the public API: the client's end of the channel."""

from __future__ import annotations

from rsh.files.stream.compression import expanded, squeezed
from rsh.files.stream.pace import paced
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.report import Progress, Report
from rsh.protocol import requests
from rsh.session.session import Session


def sync_up(
    session: Session, request: requests.Sync, source: bytes, wishes: Wishes, progress: Progress | None
) -> Report:
    """Make the directory of the request like one here."""
    channel = session.open(request, bulk=True)
    try:
        pipe = squeezed(paced(channel, request.limit), request.compression)
        return sync_from(pipe, source, wishes, progress=progress, upward=True)
    finally:
        channel.close()


def sync_down(
    session: Session, request: requests.Sync, target: bytes, wishes: Wishes, progress: Progress | None
) -> Report:
    """Make a directory here like that of the request."""
    channel = session.open(request, bulk=True)
    try:
        fetched = request.path.rpartition(b"/")[2]
        pipe = expanded(channel, request.compression)
        return sync_to(pipe, target, wishes, progress=progress, fetched=fetched)
    finally:
        channel.close()
