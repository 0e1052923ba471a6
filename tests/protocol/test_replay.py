from __future__ import annotations

import pytest

from rsh.errors import ProtocolError
from rsh.protocol.replay import MAX_UNACKNOWLEDGED, MAX_UNACKNOWLEDGED_BYTES, Replay


def replay_of(count: int) -> Replay:
    replay = Replay()
    for number in range(count):
        replay.append((b"%d" % number,))
    return replay


def test_frames_are_forgotten_when_acknowledged() -> None:
    replay = replay_of(5)
    replay.acknowledge(3)
    assert replay.since(3) == [(b"3",), (b"4",)]


def test_acknowledgement_is_ignored_when_old() -> None:
    replay = replay_of(5)
    replay.acknowledge(3)
    replay.acknowledge(1)
    assert len(replay) == 2


def test_acknowledgement_is_refused_when_beyond_what_was_sent() -> None:
    with pytest.raises(ProtocolError, match="never sent"):
        replay_of(5).acknowledge(6)


@pytest.mark.parametrize("expected", [2, 6])
def test_replay_is_refused_when_the_number_is_out_of_range(expected: int) -> None:
    replay = replay_of(5)
    replay.acknowledge(3)
    with pytest.raises(ProtocolError):
        replay.since(expected)


def test_nothing_new_may_go_when_nothing_is_acknowledged() -> None:
    replay = replay_of(MAX_UNACKNOWLEDGED)
    assert replay.full
    replay.acknowledge(1)
    assert not replay.full


def test_nothing_new_may_go_when_too_many_bytes_are_not_acknowledged() -> None:
    replay = Replay()
    piece = bytes(MAX_UNACKNOWLEDGED_BYTES // 4)
    for _ in range(4):
        assert not replay.full
        replay.append((b"header", piece))
    assert replay.full
    replay.acknowledge(1)
    assert not replay.full
