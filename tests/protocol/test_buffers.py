from __future__ import annotations

import threading

from rsh.protocol.buffers import KEPT, Buffers


def test_buffer_is_used_again_when_nobody_looks_at_it_any_more() -> None:
    buffers = Buffers(100)
    first = buffers.take(100)
    first[:] = b"x" * 100
    del first
    assert bytes(buffers.take(3)) == b"xxx"


def test_buffer_is_left_alone_while_a_part_of_it_is_kept() -> None:
    buffers = Buffers(100)
    view = buffers.take(100)
    view[:] = bytes(100)
    part = view[10:20]
    del view
    other = buffers.take(100)
    other[:] = b"x" * 100
    assert bytes(part) == bytes(10)


def test_more_than_are_kept_can_be_in_use() -> None:
    buffers = Buffers(10)
    taken = [buffers.take(10) for _ in range(3 * KEPT)]
    for number, view in enumerate(taken):
        view[:] = bytes([number]) * 10
    assert [view[0] for view in taken] == list(range(3 * KEPT))


def test_more_are_kept_where_that_is_asked_for() -> None:
    buffers = Buffers(10, kept=KEPT + 1)
    for number, view in enumerate([buffers.take(10) for _ in range(2 * KEPT)]):
        view[:] = bytes([number]) * 10
    del view
    again = [buffers.take(1) for _ in range(KEPT + 1)]
    assert sorted(view[0] for view in again) == list(range(KEPT + 1))


def test_trimmed_pool_keeps_no_more_than_it_is_told() -> None:
    buffers = Buffers(10, kept=3 * KEPT)
    for view in [buffers.take(10) for _ in range(2 * KEPT)]:
        view[:] = b"x" * 10
    del view
    buffers.trim(1)
    assert [bytes(view) for view in [buffers.take(1) for _ in range(2)]] == [b"x", b"\0"]


def test_buffer_has_the_length_that_was_asked_for() -> None:
    assert len(Buffers(100).take(42)) == 42


def test_threads_get_buffers_of_their_own() -> None:
    buffers = Buffers(64)
    wrong: list[bytes] = []

    def use(number: int) -> None:
        for _ in range(2000):
            view = buffers.take(64)
            view[:] = bytes([number]) * 64
            if view.tobytes() != bytes([number]) * 64:
                wrong.append(view.tobytes())

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
