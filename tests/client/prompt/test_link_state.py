"""What the prompt says of its link."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from prompt_toolkit.buffer import Buffer

import rsh
from rsh.client.prompt.connect import tell_back, tell_missed
from rsh.client.prompt.link_state import LinkState
from rsh.client.prompt.offline import Offline
from tests.client.editor.desk import Desk
from tests.client.prompts import prompt


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


def test_outage_that_ends_while_the_prompt_begins_is_told_once_above_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The prompt has looked already whether there is one to tell of."""
    printed = ""

    def is_told(buffer: Buffer) -> bool:
        nonlocal printed
        printed += capfd.readouterr().out
        return "connected again" in printed

    desk = Desk(tmp_path)
    with prompt() as context:
        desk.screen.begins = lambda: tell_missed(context, desk.screen)
        tell_back(context, desk.screen, Offline(context, lambda: False, desk.screen.keep), 5.0)
        desk.type("a", is_told, "\r")
        desk.type("b\r")
    desk.close()
    assert printed + capfd.readouterr().out == "rsh: connected again after 5.0 s\n"
