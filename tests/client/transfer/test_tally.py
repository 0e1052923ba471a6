from __future__ import annotations

from collections.abc import Iterator

from rsh.client.transfer.tally import Tally
from rsh.errors import LinkError
from rsh.protocol.answer_records import Total


def test_a_large_file_is_shown_until_all_of_it_has_moved() -> None:
    tally = Tally()
    tally.moved(7)
    tally.started(b"big", 100)
    tally.moved(40)
    state = tally.state()
    assert (state.path, state.size, state.done, state.bytes) == (b"big", 100, 40, 47)
    tally.moved(60)
    assert tally.state().path == b""


def test_what_is_on_its_way_to_the_receiver_is_not_done() -> None:
    tally = Tally()
    tally.count(lambda: [Total(1, 1000, True)])
    tally.arrived(0)
    tally.started(b"big", 1000)
    tally.moved(1000)
    state = tally.state()
    assert (state.path, state.done, state.bytes, state.rate) == (b"big", 0, 0, 0)
    tally.arrived(400)
    state = tally.state()
    assert (state.path, state.done, state.bytes) == (b"big", 400, 400)
    assert state.rate > 0
    tally.arrived(10**12)  # says a liar
    assert (tally.state().path, tally.state().bytes) == (b"", 1000)


def test_no_time_is_foretold_before_content_has_come_if_there_is_any() -> None:
    tally = Tally()
    tally.completed(1)
    tally.count(lambda: [Total(5, 100, True)])
    assert tally.state().seconds_left is None
    tally.moved(1)
    assert tally.state().seconds_left is not None
    tally = Tally()
    tally.completed(1)
    tally.count(lambda: [Total(5, 0, True)])
    assert tally.state().seconds_left is not None


def test_what_was_sent_before_a_large_file_is_not_counted_for_it() -> None:
    tally = Tally()
    tally.arrived(0)
    tally.moved(300)
    tally.started(b"big", 1000)
    tally.moved(500)
    tally.arrived(200)
    assert tally.state().done == 0
    tally.arrived(700)
    assert tally.state().done == 400


def test_no_share_and_no_time_is_told_before_all_was_counted() -> None:
    tally = Tally()
    tally.moved(10)
    tally.count(lambda: [Total(5, 50, False)])
    state = tally.state()
    assert (state.share, state.seconds_left) == (None, None)
    assert state.total == Total(5, 50, False)


def test_share_counts_items_beside_their_content() -> None:
    tally = Tally()
    tally.count(lambda: [Total(100, 0, True)])
    tally.completed(25)
    assert tally.state().share == 0.25


def test_what_was_there_already_is_done_but_tells_nothing_about_the_link() -> None:
    tally = Tally()
    tally.count(lambda: [Total(4, 4_000_000, True)])
    tally.passed(2, 1_000_000)
    tally.reused(1_000_000)
    state = tally.state()
    assert (state.bytes, state.items, state.rate) == (2_000_000, 2, 0)
    assert state.share is not None and 0.4 < state.share < 0.6
    tally.moved(1000)
    tally.completed(1)
    state = tally.state()
    assert (state.bytes, state.items) == (2_001_000, 3)
    assert state.seconds_left is not None and state.rate * state.seconds_left < 2_000_000


def test_no_more_items_are_done_than_there_are() -> None:
    tally = Tally()
    tally.passed(3, 0)
    tally.completed(3)
    assert tally.state().items == 6
    tally.count(lambda: [Total(4, 0, True)])
    assert tally.state().items == 4


def test_more_than_was_counted_is_not_more_than_everything() -> None:
    tally = Tally()
    tally.count(lambda: [Total(1, 10, True)])
    tally.moved(10_000_000)
    tally.completed(1)
    state = tally.state()
    assert state.share == 1.0
    assert state.seconds_left == 0


def test_a_count_that_fails_leaves_the_transfer_alone() -> None:
    def lost() -> Iterator[Total]:
        yield Total(1, 1, False)
        raise LinkError("gone")

    tally = Tally()
    tally.count(lost)
    assert tally.state().share is None


def test_files_that_were_begun_are_given_once() -> None:
    tally = Tally()
    tally.started(b"one", 1)
    assert tally.take_started() == [(b"one", 1)]
    assert tally.take_started() == []
