from __future__ import annotations

import re
import time

from rsh.client.text.condition_text import describe
from rsh.errors import LinkError
from rsh.session.condition import Condition


def test_a_connection_is_told_with_its_age() -> None:
    assert re.fullmatch(r"connected for 3\d s", describe(Condition(connected=True, since=time.monotonic() - 30)))
    assert describe(Condition(connected=True, since=time.monotonic() - 600)) == "connected for 10 min"


def test_a_lost_one_is_told_with_what_is_done_about_it() -> None:
    now = time.monotonic()
    lost = Condition(connected=False, since=now - 10, attempts=2, reason="no\x1broute", retry_at=now + 49)
    words = r"no connection for 1\d s: no\\x1broute; attempts: 2; next attempt in 4\d s"
    assert re.fullmatch(words, describe(lost))
    assert describe(Condition(connected=False, since=now)).endswith("attempts: 0; dialling now")


def test_one_that_is_over_is_told_with_the_reason() -> None:
    assert describe(Condition(connected=False, since=0), LinkError("gone")) == "the session is over: gone"
