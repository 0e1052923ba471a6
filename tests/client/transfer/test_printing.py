from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.client.transfer.printing import abandoning, caring
from rsh.client.transfer.tally import Tally
from rsh.errors import FileError
from rsh.files.transfer.report import Abandoned, Progress
from tests.files.transfers import transfer


class Unwritable(Progress):
    """Cannot print what is told of a method."""

    def __init__(self, method: str) -> None:
        def fail(*_: object) -> None:
            with abandoning():
                raise BrokenPipeError

        setattr(self, method, fail)


@pytest.mark.parametrize("method", ["moved", "completed"])
def test_a_transfer_that_cannot_be_told_of_ends_with_the_reason(tmp_path: Path, method: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(1000))
    with pytest.raises(BrokenPipeError), caring():
        transfer([bytes(source)], bytes(tmp_path / "target"), sender_progress=Unwritable(method))


def test_failures_of_a_transfer_itself_stay_what_they_are() -> None:
    with pytest.raises(FileError), caring():
        raise FileError("ENOENT", b"file")


def test_a_transfer_that_is_abandoned_hears_of_it_when_it_goes_on() -> None:
    tally = Tally()
    tally.abandon(Abandoned("nobody reads it"))
    for tell in (tally.moved, tally.completed):
        with pytest.raises(Abandoned):
            tell(1)
