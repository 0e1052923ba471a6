"""The last of the output, by offsets."""

from __future__ import annotations

from rsh.holder.ring import KEPT, Ring


def test_bytes_are_found_by_their_offset() -> None:
    ring = Ring()
    ring.append(b"abc")
    ring.append(b"def")
    assert (ring.start, ring.end) == (0, 6)
    assert (bytes(ring.view(2, 3)), bytes(ring.view(6, 3))) == (b"cde", b"")


def test_oldest_go_when_there_is_too_much() -> None:
    ring = Ring()
    for number in range(64):
        ring.append(bytes([number]) * (KEPT // 16))
    assert ring.end == 4 * KEPT
    assert KEPT <= ring.end - ring.start <= KEPT * 3 // 2
    assert bytes(ring.view(ring.end - 1, 9)) == b"\x3f"
    assert bytes(ring.view(ring.start, 1)) == bytes([ring.start // (KEPT // 16)])
