from __future__ import annotations

import pytest

from rsh.client.cli.options import Options, parse
from rsh.client.cli.table import find
from rsh.client.shell.wishes import wishes_of
from rsh.errors import UsageError


def options(*words: str) -> Options:
    command = find("shell", "cli")
    assert command is not None
    return parse(command, [*words, "host"], "cli")


def test_by_default_a_tilde_escapes_and_bytes_pass() -> None:
    wishes = wishes_of(options(), "host")
    assert (wishes.escape, wishes.transcoder, wishes.host) == (ord("~"), None, "host")


def test_what_was_asked_for_is_taken() -> None:
    wishes = wishes_of(options("-e", "none", "--encoding", "gbk"), None)
    assert wishes.escape is None
    assert wishes.transcoder is not None
    assert wishes.transcoder.codec == "gbk"


@pytest.mark.parametrize("words", [("-e", "xx"), ("--encoding", "utf-16")])
def test_what_cannot_be_is_an_error_of_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        wishes_of(options(*words), None)
