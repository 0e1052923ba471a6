from __future__ import annotations

import pytest

from rsh.client.text.complaints import complain, describe
from rsh.errors import Code, FileError, LinkError, Refused, UsageError


def test_an_error_is_one_line_with_program_verb_path_and_reason() -> None:
    assert describe("put", FileError("EACCES", b"/srv/x")) == "rsh: put: /srv/x: Permission denied"
    assert describe("", UsageError("no command 'x'")) == "rsh: no command 'x'"


def test_nothing_of_the_other_side_reaches_the_terminal_unescaped() -> None:
    text = describe("get", FileError("ENOENT", b"a\x1b[2J\n\xff")) + describe("ls", LinkError("bad\r\x9bnews"))
    assert text.isprintable()


def test_advice_is_a_second_line(capfd: pytest.CaptureFixture[str]) -> None:
    complain("ls", UsageError("wrong", advice="try something else"))
    assert capfd.readouterr().err == "rsh: ls: wrong\nrsh: try something else\n"


def test_a_refusal_without_advice_gets_ours(capfd: pytest.CaptureFixture[str]) -> None:
    complain("exec", Refused(Code.UNKNOWN_KEY, "the server does not know this key"))
    assert "rsh-server authorize" in capfd.readouterr().err
