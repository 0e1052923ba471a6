"""Syncs for tests: both ends back to back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.report import Progress, Report
from tests.files.pipes import SMALL, PipeEnd, pipe_pair
from tests.files.transfers import Background, snapshot


class Heard(Progress):
    def __init__(self) -> None:
        self.changes: dict[bytes, str] = {}
        self.origins: dict[bytes, bytes] = {}
        self.bytes = 0

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        self.changes[path] = action
        self.origins[path] = origin

    def moved(self, count: int) -> None:
        self.bytes += count


def sync(
    source: Path,
    target: Path,
    *,
    upward: bool = True,
    capacity: int = SMALL,
    heard: Heard | None = None,
    **wishes: object,
) -> tuple[Heard, Report, Report]:
    near, far = pipe_pair(capacity)
    heard = heard or Heard()
    all_wishes = Wishes(itemize=True, **wishes)  # type: ignore[arg-type]  # whatever a test wishes
    here, there = (heard, None) if upward else (None, heard)
    receiving = Background(
        lambda: closing(far, lambda: sync_to(far, bytes(target), all_wishes, durability="none", progress=there))
    )
    sent = sync_from(near, bytes(source), all_wishes, progress=here, upward=upward)
    return heard, sent, receiving.result()


def closing(pipe: PipeEnd, call: Callable[[], Report]) -> Report:
    try:
        return call()
    except BaseException:  # whatever a test is about: the other end must not wait for ever
        pipe.close()
        raise


def alike(source: Path, target: Path) -> bool:
    return snapshot(bytes(source)) == snapshot(bytes(target))
