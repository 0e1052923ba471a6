"""Names that are taken while a file is on its way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import FileError
from rsh.files.disk import vacant
from rsh.files.disk.part import Part
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.landing import Landing
from rsh.files.transfer.placing import place_symlink
from rsh.files.transfer.target import open_target


@pytest.fixture(params=["renameat2", "link"])
def unable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "link":
        monkeypatch.setattr(vacant, "_NOREPLACE", 1 << 30)  # a flag that no kernel knows: EINVAL


def put(folder: Path, policy: str) -> None:
    """Put a file, and have somebody else take its name before it is whole."""
    landing = Landing(open_target(bytes(folder), 1), Conflicts(policy))
    try:
        directory, name, elsewhere = landing.spot(b"a.txt", mtime_ns=9)
        part = Part(directory, name)
        part.write(b"ours")
        (folder / os.fsdecode(name)).write_text("theirs")
        try:
            part.place(0o600, 9, sync=False, elsewhere=elsewhere)
        finally:
            part.discard()
    finally:
        landing.close()


def found(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.usefixtures("unable")
def test_rename_takes_the_next_name(tmp_path: Path) -> None:
    put(tmp_path, "rename")
    assert found(tmp_path) == {"a.txt": "theirs", "a.1.txt": "ours"}
    put(tmp_path, "rename")
    assert found(tmp_path) == {"a.txt": "theirs", "a.1.txt": "ours", "a.2.txt": "theirs", "a.3.txt": "ours"}


@pytest.mark.usefixtures("unable")
@pytest.mark.parametrize(
    ("policy", "error"), [("skip", "ESKIPPED"), ("newer", "ESKIPPED"), ("ask", "ESKIPPED"), ("fail", "ECONFLICT")]
)
def test_the_other_file_stays(tmp_path: Path, policy: str, error: str) -> None:
    with pytest.raises(FileError) as caught:
        put(tmp_path, policy)
    assert (caught.value.error, found(tmp_path)) == (error, {"a.txt": "theirs"})


def test_backup_makes_the_other_file_the_backup(tmp_path: Path) -> None:
    put(tmp_path, "backup")
    assert found(tmp_path) == {"a.txt": "ours", "a.txt~": "theirs"}


def test_overwrite_replaces_it(tmp_path: Path) -> None:
    put(tmp_path, "overwrite")
    assert found(tmp_path) == {"a.txt": "ours"}


def test_a_symlink_replaces_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("theirs")
    fd = os.open(tmp_path, os.O_RDONLY)
    place_symlink(fd, b"a", b"nowhere", 9, Conflicts("rename").elsewhere(fd, b"a", b"a"))
    os.close(fd)
    assert (tmp_path / "a").read_text() == "theirs"
    assert os.readlink(tmp_path / "a.1") == "nowhere"
