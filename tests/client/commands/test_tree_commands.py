"""`rsh cp`, `ln`, `chmod`, `chown`, `find` and `du`, and the same at the prompt."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rsh.client.prompt.dispatch import run_line
from tests.client.prompts import prompt
from tests.machines import Home


def test_command_line_changes_and_finds(me: Home, host: str, tmp_path: Path) -> None:
    place = f"{host}:{tmp_path}"
    (tmp_path / "a b").write_text("text")
    (tmp_path / "dir").mkdir()
    for words in (
        ("cp", f"{place}/a b", f"{place}/copy"),
        ("cp", "-t", f"{place}/dir", f"{place}/*b"),
        ("ln", "-s", f"{host}:dir", f"{place}/soft"),
        ("ln", f"{place}/copy", f"{place}/hard"),
        ("chmod", "u=rw,go=", f"{place}/copy"),
        ("chown", f":{os.getegid()}", f"{place}/copy"),
    ):
        done = me.rsh(*words)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), words
    assert (tmp_path / "dir" / "a b").read_text() == "text"
    assert os.readlink(tmp_path / "soft") == "dir"
    assert (tmp_path / "hard").stat().st_mode & 0o777 == 0o600
    found = me.rsh("find", "--type", "f", "-n", "*b", "-0", place).stdout
    assert sorted(found.split(b"\0")[:-1]) == [os.fsencode(tmp_path / name) for name in ("a b", "dir/a b")]
    sizes = [json.loads(line) for line in me.rsh("du", "--json", f"{place}/copy", f"{place}/dir").stdout.splitlines()]
    assert [each["files"] for each in sizes] == [1, 2]
    assert me.rsh("du", f"{place}/none").returncode == 1


def test_errors_are_a_line_and_a_status(me: Home, host: str, tmp_path: Path) -> None:
    place = f"{host}:{tmp_path}"
    for words, status, text in (
        (("cp", f"{place}/none", f"{place}/x"), 1, b"rsh: cp: "),
        (("cp", f"{place}/none"), 2, b"missing destination"),
        (("chmod", "nonsense", place), 2, b"is no mode"),
        (("chmod", "9", place), 2, b"is no mode"),
        (("chown", "no-such-account-here", place), 255, b"no account"),
        (("chown", ":", place), 2, b"names neither"),
        (("find", f"{place}/none"), 1, b"No such file"),
    ):
        done = me.rsh(*words)
        assert done.returncode == status, (words, done.stderr)
        assert text in done.stderr


def test_prompt_has_them_with_a_colon(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "[x]").write_text("x")
    (tmp_path / "here").mkdir()
    lines = (
        f"cd {tmp_path}",
        ":cp a '[x]' here",
        ":ln -s '*' star",
        ":chm 600 a",
        ":find . -n '*' --depth 1 --type f",
        f"lcd {tmp_path}/here",
        ":mget a '[x]'",
        f":mput -t {tmp_path} a",
    )
    before = Path.cwd()
    try:
        with prompt() as context:
            assert [run_line(context, line) for line in lines] == [0] * len(lines)
    finally:
        os.chdir(before)
    assert sorted(os.listdir(tmp_path / "here")) == ["[x]", "a"]
    assert os.readlink(tmp_path / "star") == "*"
    assert capfd.readouterr().out.splitlines() == ["./[x]", "./a"]
