from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from rsh.files.disk.globs import matcher
from rsh.files.upkeep.searching import Wish, measure, search
from rsh.protocol.answer_records import Entry, Measured
from rsh.protocol.record_stream import Failure


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "a" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "a" / "one.c").write_bytes(b"x" * 10)
    (tmp_path / "a" / "deep" / "two.c").write_bytes(b"x" * 20_000)
    (tmp_path / "a" / "deep" / "er" / "three.h").touch()
    (tmp_path / "a" / "link.c").symlink_to("one.c")
    os.link(tmp_path / "a" / "deep" / "two.c", tmp_path / "a" / "same.c")
    os.utime(tmp_path / "a" / "one.c", ns=(0, 10**18))
    return tmp_path


def found(top: Path, **wish: object) -> set[str]:
    records = list(search([b"a"], Wish(**wish), directory=os.fsencode(top)))  # type: ignore[arg-type]  # whatever a test wishes
    assert all(isinstance(record, Entry) for record in records)
    return {os.fsdecode(record.path) for record in records}


def oracle(top: Path, *words: str) -> set[str]:
    done = subprocess.run(["find", "a", *words], cwd=top, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_finds_what_find_finds(top: Path) -> None:
    assert found(top) == oracle(top)
    assert found(top, names=(matcher(b"*.c"),)) == oracle(top, "-name", "*.c")
    assert found(top, names=(matcher(b"*.h"), matcher(b"deep"))) == oracle(top, "-name", "*.h", "-o", "-name", "deep")
    for kind in "fdlps":
        assert found(top, kind=kind) == oracle(top, "-type", kind)
    for depth in range(4):
        assert found(top, depth=depth) == oracle(top, "-maxdepth", str(depth))
    assert found(top, kind="f", least=11) == oracle(top, "-type", "f", "-size", "+10c")
    assert found(top, kind="f", most=9) == oracle(top, "-type", "f", "-size", "-10c")


def test_finds_by_time(top: Path) -> None:
    now = time.time_ns()
    assert found(top, older_ns=now - 10**12) == {"a/one.c"}
    assert "a/one.c" not in found(top, newer_ns=now - 10**12)


def test_missing_place_is_named(top: Path) -> None:
    assert list(search([b"none"], Wish(), directory=os.fsencode(top))) == [Failure(b"none", "ENOENT")]
    assert list(measure([b"none"], directory=os.fsencode(top))) == [Failure(b"none", "ENOENT")]


def test_search_ends_when_nobody_waits(top: Path) -> None:
    assert len(list(search([b"a"], Wish(), directory=os.fsencode(top), wanted=lambda: False))) == 1


def test_measures_what_du_measures(top: Path) -> None:
    [record] = measure([b"a"], directory=os.fsencode(top))
    assert isinstance(record, Measured)
    done = subprocess.run(["du", "-s", "--block-size=512", "a"], cwd=top, capture_output=True, text=True, check=True)
    assert record.blocks == int(done.stdout.split()[0])
    assert record.files == 7
    assert record.bytes >= 20_010


def test_file_with_two_names_is_counted_once(top: Path) -> None:
    records = list(measure([b"a/same.c", b"a/deep/two.c"], directory=os.fsencode(top)))
    assert [record.files for record in records if isinstance(record, Measured)] == [1, 0]
