from __future__ import annotations

import pytest

from rsh.protocol.frames import Flags, Frame, Kind
from rsh.protocol.receipt import ACK_BYTES, ACK_FRAMES, RIDE_BYTES, RIDE_FRAMES, Receipt

CONTROL = Frame(Kind.CONTROL, 0, 1, b"")


def data(length: int, flags: int = 0) -> Frame:
    return Frame(Kind.DATA, flags, 1, bytes(length))


def after(*frames: Frame) -> Receipt:
    receipt = Receipt()
    for frame in frames:
        receipt.arrived(frame)
    return receipt


@pytest.mark.parametrize(
    ("frames", "due"),
    [
        ([], False),
        ([CONTROL] * (ACK_FRAMES - 1), False),
        ([CONTROL] * ACK_FRAMES, True),
        ([data(ACK_BYTES - 1)], False),
        ([data(ACK_BYTES - 1), data(1)], True),
        ([data(1, Flags.HURRY)], True),
        ([data(1, Flags.HURRY), data(1)], True),
    ],
)
def test_acknowledgement_is_due_after_many_frames_or_bytes_or_when_the_peer_asks(
    frames: list[Frame], due: bool
) -> None:
    assert after(*frames).is_due is due


@pytest.mark.parametrize(
    ("frames", "along"),
    [
        ([CONTROL] * (RIDE_FRAMES - 1), False),
        ([CONTROL] * RIDE_FRAMES, True),
        ([data(RIDE_BYTES - 1)], False),
        ([data(RIDE_BYTES)], True),
    ],
)
def test_acknowledgement_rides_along_after_fewer(frames: list[Frame], along: bool) -> None:
    assert after(*frames).goes_along(with_link_frames=False) is along


def test_acknowledgement_goes_along_with_words_about_the_link_however_little_it_is() -> None:
    assert after(CONTROL).goes_along(with_link_frames=True)


def test_acknowledgement_goes_before_a_credit_however_little_it_is() -> None:
    receipt = after(CONTROL)
    receipt.credited()
    assert receipt.goes_along(with_link_frames=False)


def test_nothing_is_told_twice() -> None:
    receipt = after(data(ACK_BYTES, Flags.HURRY))
    receipt.credited()
    assert receipt.told() == 1
    assert not receipt.is_due and not receipt.goes_along(with_link_frames=True)


def test_counting_goes_on_after_it_was_told() -> None:
    receipt = after(*[CONTROL] * ACK_FRAMES)
    receipt.told()
    receipt.arrived(CONTROL)
    assert receipt.count == ACK_FRAMES + 1 and not receipt.is_due
