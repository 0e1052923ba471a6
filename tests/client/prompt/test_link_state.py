"""What the prompt says of its link."""

from __future__ import annotations

import re
import time

import rsh
from rsh.client.prompt.link_state import LinkState


def test_silence_that_nobody_asked_about_is_not_told(home_of_nobody: None) -> None:
    with rsh.connect() as remote:
        state = LinkState(remote, lambda: None, lambda seconds: None)
        pulse = remote.session._pulse
        pulse.heard = pulse._moved = time.monotonic() - 110
        assert state.toolbar("auto") == ""
        pulse.look(time.monotonic() - 5, 0)
        assert re.fullmatch(r"last contact 11\d s ago", state.toolbar("auto"))
        remote.ping()
        assert state.toolbar("auto") == ""
        state.close()
