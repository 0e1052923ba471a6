from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from rsh.holder.joblog import LEAST, MAX_CHUNK, SEGMENTS, STDERR, STDOUT, Chunk, LogReader, LogWriter, segments


def read_all(folder: Path, position: int = 0) -> list[Chunk]:
    reader = LogReader(str(folder), position)
    chunks = []
    while chunk := reader.read():
        chunks.append(chunk)
    reader.close()
    return chunks


@pytest.fixture
def log(tmp_path: Path) -> LogWriter:
    return LogWriter(str(tmp_path), LEAST)


def test_streams_are_told_apart_in_the_order_in_which_they_came(log: LogWriter, tmp_path: Path) -> None:
    log.append(STDOUT, b"one")
    log.append(STDERR, b"two")
    log.append(STDOUT, b"three")
    assert read_all(tmp_path) == [Chunk(STDOUT, 0, b"one"), Chunk(STDERR, 3, b"two"), Chunk(STDOUT, 6, b"three")]


def test_log_is_private(log: LogWriter, tmp_path: Path) -> None:
    log.append(STDOUT, b"secret")
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


@pytest.mark.parametrize("position", range(8))
def test_reading_begins_at_any_position(log: LogWriter, tmp_path: Path, position: int) -> None:
    log.append(STDOUT, b"abcd")
    log.append(STDERR, b"efg")
    assert b"".join(chunk.data for chunk in read_all(tmp_path, position)) == b"abcdefg"[position:]


def test_oldest_is_dropped_when_the_limit_is_reached(log: LogWriter, tmp_path: Path) -> None:
    for number in range(100):
        log.append(STDOUT, bytes([number]) * MAX_CHUNK)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= LEAST
    chunks = read_all(tmp_path)
    assert chunks[0].position == chunks[0].data[0] * MAX_CHUNK > 0
    assert chunks[-1].data[0] == 99
    assert sum(len(chunk.data) for chunk in chunks) > LEAST * (SEGMENTS - 2) // SEGMENTS - 2 * MAX_CHUNK


def test_reader_goes_on_when_what_it_waits_for_is_dropped(log: LogWriter, tmp_path: Path) -> None:
    log.append(STDOUT, b"first")
    reader = LogReader(str(tmp_path))
    assert reader.read() == Chunk(STDOUT, 0, b"first")
    for _ in range(100):
        log.append(STDERR, bytes(MAX_CHUNK))
    chunks = [chunk for chunk in iter(reader.read, None) if chunk]
    assert chunks[-1].position + len(chunks[-1].data) == log.position
    assert reader.read() is None
    log.append(STDOUT, b"later")
    assert reader.read() == Chunk(STDOUT, log.position - 5, b"later")


def test_chunk_that_is_not_whole_is_waited_for(log: LogWriter, tmp_path: Path) -> None:
    log.append(STDOUT, b"whole")
    log.append(STDOUT, b"in part")
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    reader = LogReader(str(tmp_path))
    for end in range(len(data) - 1, len(data) - 1 - len(b"in part") - 4, -1):
        path.write_bytes(data[:end])
        assert len(read_all(tmp_path)) == 1
    assert reader.read() == Chunk(STDOUT, 0, b"whole")
    assert reader.read() is None
    path.write_bytes(data)
    assert reader.read() == Chunk(STDOUT, 5, b"in part")


def test_what_a_full_disk_does_not_take_is_skipped(
    log: LogWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(STDOUT, b"before")
    write = os.write

    def full(descriptor: int, data: memoryview) -> int:
        write(descriptor, data[:3])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        log.append(STDOUT, b"lost")
    log.append(STDOUT, b"after")
    assert read_all(tmp_path) == [Chunk(STDOUT, 0, b"before"), Chunk(STDOUT, 10, b"after")]


def test_all_is_read_beside_a_writer(log: LogWriter, tmp_path: Path) -> None:
    total = 200_000

    def write() -> None:
        for number in range(total // 10):
            log.append(STDOUT, b"%09d\n" % number)

    writer = threading.Thread(target=write)
    reader = LogReader(str(tmp_path))
    writer.start()
    found = b""
    while len(found) < total:
        if chunk := reader.read():
            assert chunk.position == len(found)
            found += chunk.data
    writer.join()
    assert found == b"".join(b"%09d\n" % n for n in range(total // 10))


def test_segments_are_in_order_of_their_positions(log: LogWriter, tmp_path: Path) -> None:
    for _ in range(20):
        log.append(STDOUT, bytes(MAX_CHUNK))
    names = segments(str(tmp_path))
    assert names == sorted(names)
    assert len(names) <= SEGMENTS
