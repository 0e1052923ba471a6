"""What may be in a record is checked as it is decoded; each family of records takes no other's."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from rsh.protocol import answer_records, job_records, shell_records, sync_records, transfer_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import encode_record_into

ALL = typing.get_args(Record)


def encoded(record: object) -> bytes:
    data = bytearray()
    encode_record_into(record, data)
    return bytes(data)


def test_every_record_has_a_number_of_its_own() -> None:
    numbers = [record.__struct_config__.tag for record in ALL]
    assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize(
    ("decoder", "record"),
    [
        (transfer_records.TRANSFER, [5, b"", 0o644, 0, 0]),
        (transfer_records.TRANSFER, [5, b"x" * 256, 0o644, 0, 0]),
        (transfer_records.TRANSFER, [5, b"name", 0o10000, 0, 0]),
        (transfer_records.TRANSFER, [5, b"name", 0o644, 0, -1]),
        (transfer_records.TRANSFER, [5, b"name", 0o644, 0, 2**63]),
        (transfer_records.TRANSFER, [5, b"name", 0o644, 2**63, 0]),
        (transfer_records.TRANSFER, [11, b"path", "no errno \x1b[2J"]),
        (transfer_records.TRANSFER, [11, b"path", "ENOENT\n"]),
        (transfer_records.TRANSFER, [10, "more than it has"]),
        (transfer_records.TRANSFER, [3]),
        (transfer_records.RESULTS, [10]),
        (shell_records.SHELL, [48, -1, 0, 0]),
        (shell_records.SHELL, [10]),
        (job_records.JOBS, [113, 3, 0, 0]),
        (answer_records.ANSWERS, [48, 0, 0, 0]),
        (sync_records.SYNC_RESULTS, [5, b"name", 0o644, 0, 0]),
        (transfer_records.TRANSFER, [255]),
        (transfer_records.TRANSFER, {"type": 5}),
    ],
)
def test_record_beyond_its_bounds_is_refused(decoder: msgspec.msgpack.Decoder[Any], record: object) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder.decode(msgspec.msgpack.encode(record))


def test_records_come_back_as_they_went() -> None:
    for decoder, record in (
        (transfer_records.TRANSFER, transfer_records.File(b"name", 0o644, -1, 2**50)),
        (shell_records.SHELL, shell_records.Echo(True)),
        (shell_records.BATCH, shell_records.LineEnd(0, 0, b"/")),
    ):
        assert typing.cast("msgspec.msgpack.Decoder[Any]", decoder).decode(encoded(record)) == record
