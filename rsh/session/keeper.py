"""Keeps a client's session connected: looks after its stream, and dials again when that is lost.

An attempt that fails is followed by the next after a pause that grows to no more than a second and a half, and one that
hangs because the network swallows everything says its first word again each second (sockets.dial). So the session is
back within two seconds of the network's return. An attempt that has got through to the other side, and waits there, is
given time, and more of it with each attempt: it may be one of a thousand clients that all come back to a busy daemon,
which attempts that crowd each other out would bring down. Jitter spreads these a little.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from rsh.errors import LinkError, RshError
from rsh.protocol.frames import Decoder
from rsh.session.condition import Condition
from rsh.session.deadline import Deadline
from rsh.session.session import Session
from rsh.transport.stream import Stream

Dial: TypeAlias = Callable[[Deadline], Stream]

# Seconds between two looks at the stream.
TICK: Final = 1.0

# The same after the machine has slept, until the peer has answered, or is known to be gone.
HURRIED_TICK: Final = 0.1

# A clock that has gone on for so many seconds between two looks tells that the machine, or we, have slept.
SLEPT: Final = 5.0

# Seconds before the next attempt once one has failed: the first at once, then growing to LONGEST, each time more or
# less by JITTER of it.
SHORTEST: Final = 0.1
LONGEST: Final = 1.5
JITTER: Final = 0.25

# For one attempt, in seconds: distant continents and slow name servers included.
ATTEMPT: Final = 30.0

# An attempt that has not failed is joined by the next after so many seconds, then after twice as many, and so on.
JOINED: Final = 4.0

# For the answer to our Hello, in seconds; twice as long after each time that none came, up to ATTEMPT.
GREETING: Final = 3.0

# Before the server has ever welcomed us: if it breaks off so often, it is not the network.
FIRST_ATTEMPTS: Final = 5

# A connection that has lasted so many seconds, or has carried anything, was a good one: we dial again at once.
GOOD: Final = 0.5


class Keeper:
    """What keeps one session connected; a thread of its own, for as long as the session lives."""

    def __init__(self, session: Session, dial: Dial, *, software: str, account: str, patience: float | None) -> None:
        """Prepare; `start` begins.

        Args:
            session: it survives its streams.
            dial: connects and authenticates again; called by several threads at once.
            software, account: for the Hello.
            patience: seconds without a connection after which the session ends; None: never.
        """
        self._session = session
        self._dial = dial
        self._software = software
        self._account = account
        self._patience = patience
        self._begun = time.monotonic()
        self._changed = threading.Event()  # the session's condition is another, or somebody knocked
        self._knocked = False
        # The keeper's own:
        self._attempts = 0  # since the session was connected
        self._pause = 0.0  # seconds before the next attempt
        self._due = 0.0  # when that begins
        self._unanswered = 0  # Hellos in a row
        self._hurried_until = 0.0  # as _clock() counts: the machine has slept a moment ago
        self._progress = 0  # of the session, when its stream was lost last
        self._connected_at: float | None = None
        self._greeting: tuple[Stream, float] | None = None  # a stream that waits for its Welcome, and until when
        session.knock = self._on_knock
        session.watch(lambda _: self._changed.set())

    def start(self) -> None:
        """Look after the session from now on."""
        threading.Thread(target=self._run, name="rsh keeper", daemon=True).start()

    def _on_knock(self) -> None:
        self._knocked = True
        self._changed.set()

    def _run(self) -> None:
        while self._session.error is None:
            if self._session.away_since is None:
                self._look_after()
            else:
                self._come_back()

    # --- beside a stream ---

    def _look_after(self) -> None:
        """Wait a moment beside a stream, then see how it is."""
        begun = _clock()
        tick = HURRIED_TICK if begun < self._hurried_until else TICK
        left = tick if self._greeting is None else self._greeting[1] - time.monotonic()
        self._changed.wait(max(0.0, min(tick, left)))
        self._changed.clear()
        if self._session.condition.connected:
            self._greeting = None
            self._attempts = 0
            self._unanswered = 0
            self._connected_at = self._session.condition.since
        elif self._greeting is not None and time.monotonic() >= self._greeting[1]:
            self._unanswered += 1
            self._session.lose(self._greeting[0], LinkError("the server does not answer"))
        slept = _clock() - begun > SLEPT
        if slept:
            self._hurried_until = _clock() + SLEPT
        self._session.tend(hurry=slept)

    # --- without one ---

    def _come_back(self) -> None:
        """Dial until a stream is there, or the session has ended."""
        self._greeting = None
        self._choose_pause()
        attempts = _Attempts(self._dial, self._changed)
        try:
            stream = self._win(attempts)
        finally:
            attempts.abandon()
        if stream is not None:
            self._greet(stream)

    def _choose_pause(self) -> None:
        """Begin at once after a good connection, and after one that was none go on as after a failed attempt."""
        progress = self._session.progress
        lasted = 0.0 if self._connected_at is None else time.monotonic() - self._connected_at
        if progress > self._progress or lasted >= GOOD:
            self._pause = 0.0
        self._progress = progress
        self._connected_at = None
        self._due = time.monotonic() + _jittered(self._pause)
        self._lengthen_pause()

    def _lengthen_pause(self) -> None:
        self._pause = min(LONGEST, max(SHORTEST, 2 * self._pause))

    def _win(self, attempts: _Attempts) -> Stream | None:
        """Let attempts run until one has a stream; None when the session has ended."""
        reason = self._session.condition.reason
        joined = JOINED
        while self._session.error is None:
            now = time.monotonic()
            if self._knocked:
                self._knocked = False
                self._due = now
            if self._is_hopeless(now, attempts, reason):
                return None
            if now >= self._due:
                self._due = now + _jittered(joined)
                joined *= 2
                self._attempts += 1
                attempts.begin()
            self._note(reason, None if attempts.running else self._due)
            self._changed.wait(max(0.0, min(TICK, self._due - now)))
            self._changed.clear()
            for outcome in attempts.outcomes():
                if not isinstance(outcome, RshError):
                    return outcome
                reason = str(outcome)
                self._due = min(self._due, time.monotonic() + _jittered(self._pause))
                self._lengthen_pause()
        return None

    def _is_hopeless(self, now: float, attempts: _Attempts, reason: str) -> bool:
        """End the session if it has been away for too long."""
        if self._session.welcome is None and self._attempts >= FIRST_ATTEMPTS and not attempts.running:
            return self._session.expire(LinkError(reason))
        if self._patience is not None and now - self._session.condition.since >= self._patience:
            return self._session.expire(LinkError(f"no connection for {self._patience:g} s: {reason}"))
        return False

    def _note(self, reason: str, due: float | None) -> None:
        before = self._session.condition
        after = Condition(False, before.since, self._attempts, reason, due)
        if after != before:
            self._session.note(after)

    def _greet(self, stream: Stream) -> None:
        age = int((time.monotonic() - self._begun) * 1000)
        try:
            self._session.greet_again(stream, self._software, self._account, age, whole_seconds(self._patience))
        except RshError:
            stream.close()
            return
        self._greeting = stream, time.monotonic() + min(ATTEMPT, GREETING * 2**self._unanswered)
        self._session.start(stream, Decoder())


class _Attempts:
    """Connections that are being made, each in a thread of its own.

    Attributes:
        running: how many have no outcome yet.
    """

    def __init__(self, dial: Dial, changed: threading.Event) -> None:
        self.running = 0
        self._dial = dial
        self._changed = changed
        self._outcomes: list[Stream | RshError] = []  # guarded by _lock, as the following
        self._abandoned = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin one more."""
        self.running += 1
        try:
            threading.Thread(target=self._run, name="rsh dial", daemon=True).start()
        except RuntimeError:
            self._hand_over(LinkError("no thread can be had for dialling"))

    def outcomes(self) -> list[Stream | RshError]:
        """Take what has come of some of them: failures first, then at most one stream. Others are closed."""
        with self._lock:
            found, self._outcomes = self._outcomes, []
        self.running -= len(found)
        streams = [outcome for outcome in found if not isinstance(outcome, RshError)]
        self._close(streams[1:])
        return [*(outcome for outcome in found if isinstance(outcome, RshError)), *streams[:1]]

    def abandon(self) -> None:
        """Want no more of them."""
        with self._lock:
            self._abandoned = True
            found, self._outcomes = self._outcomes, []
        self._close(found)

    def _run(self) -> None:
        outcome: Stream | RshError = LinkError("the attempt ended by a bug")
        try:
            outcome = self._dial(Deadline(ATTEMPT))
        except RshError as error:
            outcome = error
        finally:
            self._hand_over(outcome)

    def _hand_over(self, outcome: Stream | RshError) -> None:
        with self._lock:
            wanted = not self._abandoned
            if wanted:
                self._outcomes.append(outcome)
        if wanted:
            self._changed.set()
        else:
            self._close([outcome])

    def _close(self, outcomes: Sequence[Stream | RshError]) -> None:
        for outcome in outcomes:
            if not isinstance(outcome, RshError):
                outcome.close()


def whole_seconds(patience: float | None) -> int | None:
    """Give the seconds that somebody waits as they are told: rounded up."""
    return None if patience is None else -int(-min(patience, 1e9) // 1)


def _clock() -> float:
    """Give the seconds since the machine was started, also those it has slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _jittered(pause: float) -> float:
    chance = os.urandom(1)[0] / 255  # the random module would cost every start of a client 5 ms
    return pause * (1 - JITTER + 2 * JITTER * chance)
