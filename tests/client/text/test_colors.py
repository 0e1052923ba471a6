from __future__ import annotations

import stat

import pytest

from rsh.client.text.colors import NameColors, wants_color

XTERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("environment", "terminal", "colored"),
    [
        (XTERM, True, True),
        (XTERM, False, False),
        ({}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({**XTERM, "NO_COLOR": "1"}, True, False),
        ({**XTERM, "NO_COLOR": ""}, True, True),
        ({**XTERM, "CLICOLOR": "0"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False),
        ({"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, False, True),
    ],
)
def test_the_environment_decides_in_the_usual_order(environment: dict[str, str], terminal: bool, colored: bool) -> None:
    assert wants_color("auto", terminal=terminal, environment=environment) is colored


def test_the_option_is_above_the_environment() -> None:
    assert wants_color("always", terminal=False, environment={"NO_COLOR": "1"})
    assert not wants_color("never", terminal=True, environment={"CLICOLOR_FORCE": "1", **XTERM})


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (stat.S_IFDIR | 0o755, "01;34"),
        (stat.S_IFDIR | 0o1777, "30;42"),
        (stat.S_IFDIR | 0o777, "34;42"),
        (stat.S_IFLNK | 0o777, "01;36"),
        (stat.S_IFREG | 0o755, "01;32"),
        (stat.S_IFREG | 0o4755, "37;41"),
        (stat.S_IFIFO | 0o644, "33"),
    ],
)
def test_names_are_coloured_by_kind_as_ls_does(mode: int, code: str) -> None:
    assert NameColors().paint("x", mode, "x") == f"\x1b[{code}mx\x1b[0m"


def test_a_plain_file_has_no_colour() -> None:
    assert NameColors().paint("x", stat.S_IFREG | 0o644, "x") == "x"


def test_ls_colors_is_read_and_what_is_malformed_in_it_is_left_out() -> None:
    colors = NameColors("di=01;35:*.tar.gz=31:*.txt=\x1b[2J:junk")
    assert "01;35" in colors.paint("d", stat.S_IFDIR | 0o755, "d")
    assert "[31m" in colors.paint("A.TAR.GZ", stat.S_IFREG | 0o644, "A.TAR.GZ")
    assert colors.paint("a.txt", stat.S_IFREG | 0o644, "a.txt") == "a.txt"
