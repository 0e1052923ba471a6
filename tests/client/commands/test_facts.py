from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from rsh.client.commands.facts import stat_lines, sum_line
from rsh.client.text.listing import Style
from rsh.files.disk.listing import entries
from rsh.protocol.answer_records import Entry

PIPE = Style(terminal=False)


def test_stat_tells_size_mode_owner_and_time(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    path.chmod(0o640)
    os.utime(path, ns=(0, 1_234_567_890_987_654_321))
    entry = next(iter(entries([os.fsencode(path)], itself=True)))
    assert isinstance(entry, Entry)
    text = "\n".join(stat_lines(entry, PIPE))
    assert f"  File: {path}\n  Size: 5 " in text
    assert "regular file" in text
    assert "(0640/-rw-r-----)" in text
    assert ".987654321 " in text


@pytest.mark.parametrize("name", [b"plain", b"two words", b"new\nline", b"back\\slash", b"\xff", b"\r"])
def test_sums_are_read_by_sha256sum(name: bytes, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(name)).write_bytes(b"content")
    line = os.fsencode(sum_line(name, hashlib.sha256(b"content").digest(), PIPE)) + b"\n"
    subprocess.run(["sha256sum", "--check", "--status", "--strict"], input=line, cwd=tmp_path, check=True)


def test_a_sum_on_a_terminal_shows_no_control_byte() -> None:
    assert sum_line(b"\x1b[2J", b"\0" * 16, Style(terminal=True)).isprintable()
