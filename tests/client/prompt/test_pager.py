"""Long output at the prompt (R26)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.prompt.pager import DEFAULTS, pager
from tests.machines import Home
from tests.scenarios.screens import Terminal


@pytest.mark.parametrize(
    ("environment", "program"),
    [
        ({}, DEFAULTS[0]),
        ({"PAGER": "more"}, "more"),
        ({"RSH_PAGER": "most", "PAGER": "more"}, "most"),
        ({"RSH_PAGER": "", "PAGER": "more"}, ""),
    ],
)
def test_pager_is_the_one_that_is_named_first(environment: dict[str, str], program: str) -> None:
    assert pager(environment) == program


def test_what_is_not_installed_is_no_pager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pager({}) == ""
    (tmp_path / "more").touch(0o755)
    assert pager({}) == "more"


def test_long_help_goes_through_it(home: Home, tmp_path: Path) -> None:
    variables = {"PAGER": f"cat >{tmp_path}/paged; echo was paged"}
    with Terminal(home, "connect", "-q", "-X", variables=variables) as terminal:
        terminal.until_shown(":~")
        terminal.press("help\r")
        terminal.until_shown("`help -a`")
        assert "Files  " in terminal.text and "was paged" not in terminal.text
        terminal.press("help -a\r")
        terminal.until_shown("was paged")
        assert "put" in (tmp_path / "paged").read_text()
        terminal.press("help lpwd\r")
        terminal.until_shown("usage: lpwd")


def test_time_before_it_is_the_readers(home: Home) -> None:
    with Terminal(home, "connect", "-q", "-X", variables={"PAGER": "sleep 3.1; cat >/dev/null"}) as terminal:
        terminal.until_shown(":~")
        terminal.press(":set duration 3\rhelp -a\r:set duration 1\rsleep 1.1\r")  # our own part may take a second
        terminal.until_shown(" s]")
        assert terminal.text.index("sleep 1.1") < terminal.text.index(" s]")
        assert terminal.text.count(" s]") == 1
