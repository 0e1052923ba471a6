from __future__ import annotations

import base64
import json

import pytest

from rsh.client.cli.json_output import entry_fields, failure_fields, print_object, text_fields
from rsh.errors import FileError
from rsh.protocol.answer_records import Entry


def test_text_is_kept_as_it_is() -> None:
    assert text_fields("name", "日本\n".encode()) == {"name": "日本\n"}


def test_bytes_that_are_no_text_come_exactly_beside() -> None:
    fields = text_fields("name", b"a\xffb")
    assert fields["name"] == "a\ufffdb"
    assert base64.b64decode(fields["name_base64"]) == b"a\xffb"


def test_an_object_is_one_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    print_object({"a": 1, "b": "x\ny"})
    assert capfdbinary.readouterr().out.count(b"\n") == 1


def test_a_name_does_nothing_to_a_terminal_and_is_read_as_it_is(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    name = "\x1b[2J \x7f \x9b2J \u202e \u2028 \U0001f600 é"
    print_object({"name": name})
    line = capfdbinary.readouterr().out.decode()
    assert line.removesuffix("\n").isprintable()
    assert json.loads(line) == {"name": name}


def test_an_entry_has_exact_numbers() -> None:
    entry = Entry(b"d", b"f", 0o100644, 12345, 987654321, "ann", "staff", 1, 2, 3, 4, 8)
    fields = json.loads(json.dumps(entry_fields(entry)))
    assert (fields["path"], fields["size"], fields["mode"], fields["mtime_ns"]) == ("d/f", 12345, "0644", 987654321)
    assert "target" not in fields


def test_a_failure_is_named_by_its_symbol() -> None:
    assert failure_fields(FileError("ENOENT", b"x"))["error"] == "ENOENT"
