"""The banner (R8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.api.remote import connect
from rsh.client.editor.banner import RoundTrip, greet, is_first_run, letters, message_of_the_day, one_line


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_one_line_tells_whom_we_are_connected_with() -> None:
    with connect() as remote:
        line = one_line(remote, 0.0123)
        assert f"{remote.account}@{remote.system} (this machine)" in line
        remote.name, remote.fingerprint = "box", "SHA256:" + "a" * 43
        assert "(SHA256:aaaaaaaaaaaa…, TLS 1.3, 12.3 ms) · help" in one_line(remote, 0.0123)
        remote.key_kind = "ed25519"
        assert "(ed25519 SHA256:aaaaaaaaaaaa…, TLS 1.3) session 3f2a · help" in one_line(remote, None, "3f2a")
        remote.fingerprint, remote.name = "", "unix:/\x1b"
        assert "(unix:/\\x1b)" in one_line(remote, None)
        remote.name = "fd:3"
        assert "(fd:3, not encrypted)" in one_line(remote, None)


def test_line_fits_the_screen_with_what_is_wanted_most() -> None:
    with connect() as remote:
        remote.name, remote.fingerprint, remote.key_kind = "box", "SHA256:" + "a" * 43, "ed25519"
        whole = one_line(remote, 0.0123, "3f2a")
        assert one_line(remote, 0.0123, "3f2a", len(whole) + 1) == whole
        assert one_line(remote, 0.0123, "3f2a", len(whole)) == whole.replace("ed25519 ", "")
        assert one_line(remote, 0.0123, "3f2a", len(whole) - 20).endswith("session 3f2a · help")
        assert one_line(remote, 0.0123, "3f2a", 1).endswith("12.3 ms)")


def test_line_is_red_where_nobody_knows_who_reads(capfd: pytest.CaptureFixture[str]) -> None:
    with connect() as remote:
        for name, red in (("", False), ("fd:3", True)):
            remote.name = name
            greet(remote, RoundTrip(remote), color=True)
            assert ("\x1b[31mrsh" in capfd.readouterr().out) is red


def test_message_of_the_day_moves_no_cursor_and_is_not_long() -> None:
    assert message_of_the_day("") == message_of_the_day(" \n\n") == []
    assert message_of_the_day("a\tb\r\n\x1b[2J\r!\n\n") == ["a       b", "\\x0d!"]
    assert message_of_the_day("\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b(Bon\x1b]8;;x\x1b\\e") == ["red one"]
    assert message_of_the_day("\x9b2Jon\x1be\b") == ["on\\x08"]
    assert message_of_the_day("\x1b[2J\x1b[H\n") == []
    assert len(message_of_the_day("x\n" * 500)) == 20


def test_first_run_is_one_only() -> None:
    assert [is_first_run(), is_first_run()] == [True, False]


def test_first_run_is_none_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not is_first_run()


def test_greeting_is_large_the_first_time_only(capfd: pytest.CaptureFixture[str]) -> None:
    with connect() as remote:
        greet(remote, RoundTrip(remote))
        greet(remote, RoundTrip(remote))
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) > 6
    assert "(this machine)" in lines[-1]
    assert "\x1b" not in "".join(lines)


def test_letters_fit_the_screen() -> None:
    assert max(map(len, letters(40))) <= 40
    assert letters(20) == []
