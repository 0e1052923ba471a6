from __future__ import annotations

import threading

from rsh.server.admission import Admission


def test_places_are_counted_in_all_and_for_each_address() -> None:
    admission = Admission(3, 2, 0)
    assert [admission.enter(address) for address in "aabbb"] == [True, True, True, False, False]
    assert not admission.enter("a")
    admission.leave("a")
    assert admission.enter("b")
    assert len(admission) == 3


def test_whoever_is_too_many_gets_the_place_that_comes_free() -> None:
    admission = Admission(1, 1, 20)
    assert admission.enter("a")
    entered = threading.Event()

    def wait() -> None:
        if admission.enter("a"):
            entered.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not entered.is_set()
    admission.leave("a")
    thread.join()
    assert entered.is_set()
