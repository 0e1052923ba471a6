"""The folder of a detached command, and what is written there whatever the disk says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.holder import job_folder
from rsh.holder.joblog import PREFIX


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path)


def test_file_is_put_whole_in_the_place_of_another_for_us_alone(folder: str, tmp_path: Path) -> None:
    job_folder.write(folder, "name", b"one, and long")
    job_folder.write(folder, "name", b"two")
    assert (tmp_path / "name").read_bytes() == b"two"
    assert (tmp_path / "name").stat().st_mode & 0o777 == 0o600
    assert os.listdir(folder) == ["name"]


def test_end_takes_the_room_that_was_kept_for_it(folder: str, tmp_path: Path) -> None:
    job_folder.reserve_end(folder)
    kept = (tmp_path / job_folder.RESERVED).stat()
    assert kept.st_size == job_folder.RESERVE
    job_folder.write_end(folder, b"{}")
    assert os.listdir(folder) == [job_folder.END]
    assert (tmp_path / job_folder.END).read_bytes() == b"{}"
    assert (tmp_path / job_folder.END).stat().st_ino == kept.st_ino


def test_end_is_written_though_no_room_was_kept(folder: str, tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}0").write_bytes(b"output")
    job_folder.write_end(folder, b"{}")
    assert sorted(os.listdir(folder)) == sorted([job_folder.END, f"{PREFIX}0"])


def test_end_that_finds_no_place_is_an_error_and_the_output_has_gone_first(folder: str, tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}0").write_bytes(b"output")
    (tmp_path / job_folder.END).mkdir()
    with pytest.raises(IsADirectoryError):
        job_folder.write_end(folder, b"{}")
    assert not (tmp_path / f"{PREFIX}0").exists()


def test_boot_has_one_name() -> None:
    assert len(job_folder.boot_id()) == 36
    assert job_folder.boot_id() == job_folder.boot_id()
