from __future__ import annotations

from rsh.session.pulse import HURRIED, PROGRESS, WAITING_IDLE, Pulse, Verdict


def pulse() -> Pulse:
    return Pulse(100.0, idle=10.0, patience=7.0)


def test_silent_peer_is_asked_once_and_then_given_up() -> None:
    beat = pulse()
    assert [beat.look(now, 0) for now in (109.9, 110.0, 111.0, 116.9, 117.0)] == [
        Verdict.FINE,
        Verdict.ASK,
        Verdict.FINE,
        Verdict.FINE,
        Verdict.DEAD,
    ]


def test_peer_that_answers_is_asked_again_only_after_the_next_silence() -> None:
    beat = pulse()
    assert beat.look(110.0, 0) is Verdict.ASK
    beat.heard = 110.5
    assert beat.look(118.0, 0) is Verdict.FINE
    assert beat.look(120.5, 0) is Verdict.ASK


def test_peer_is_asked_sooner_while_something_waits_for_its_acknowledgement() -> None:
    assert pulse().look(100.0 + WAITING_IDLE, 0, waits=True) is Verdict.ASK


def test_slow_link_that_still_delivers_is_alive() -> None:
    beat = pulse()
    verdicts = [beat.look(100.0 + second, second * PROGRESS) for second in range(60)]
    assert set(verdicts) == {Verdict.FINE}


def test_bytes_that_a_router_swallows_are_no_sign_of_life() -> None:
    beat = pulse()
    verdicts = [beat.look(100.0 + second, second * 10) for second in range(18)]
    assert verdicts[-1] is Verdict.DEAD


def test_peer_gets_little_time_after_the_machine_has_slept() -> None:
    beat = pulse()
    assert beat.hurry(5000.0) is Verdict.ASK
    assert beat.look(5000.0 + HURRIED / 2, 0) is Verdict.FINE
    assert beat.look(5000.0 + HURRIED, 0) is Verdict.DEAD


def test_peer_that_answers_after_a_sleep_has_its_old_patience_again() -> None:
    beat = pulse()
    beat.hurry(5000.0)
    beat.heard = 5000.3
    assert beat.look(5001.0, 0) is Verdict.FINE
    assert beat.look(5010.3, 0) is Verdict.ASK
    assert beat.look(5012.0, 0) is Verdict.FINE


def test_silence_counts_from_the_question_until_a_sign_of_life() -> None:
    beat = pulse()
    assert beat.unanswered(109.9) == 0
    beat.look(110.0, 0)
    assert beat.unanswered(113.0) == 3.0
    beat.heard = 113.5
    assert beat.unanswered(114.0) == 0
