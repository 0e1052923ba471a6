from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.files.disk.modes import Mode, gives_identity


@pytest.mark.parametrize(
    "text",
    [
        "644",
        "0755",
        "7",
        "1777",
        "u+x",
        "g-w,o=",
        "a+rX",
        "a-x,u+X",
        "+x",
        "=r",
        "o=u",
        "g+u,o-g",
        "ug=rw,o=r",
        "+t",
        "u+w-x",
    ],
)
@pytest.mark.parametrize("before", [0o640, 0o751, 0o000])
@pytest.mark.parametrize("directory", [False, True])
def test_modes_are_those_of_chmod(tmp_path: Path, text: str, before: int, directory: bool) -> None:
    path = tmp_path / "x"
    path.mkdir() if directory else path.touch()
    path.chmod(before)
    mask = os.umask(0)
    os.umask(mask)
    subprocess.run(["chmod", "--", text, str(path)], check=True, capture_output=True)
    assert oct(Mode(text).applied(before, directory=directory, umask=mask)) == oct(path.stat().st_mode & 0o7777)


@pytest.mark.parametrize("text", ["", "8", "u", "u+q", "u+x,", "77777", "x+u", "-1"])
def test_what_is_no_mode_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Mode(text)


def test_programs_that_run_as_another_account_are_seen() -> None:
    assert gives_identity(0o755, Mode("u+s").applied(0o755, directory=False, umask=0), directory=False)
    assert gives_identity(0o755, 0o2755, directory=False)
    assert not gives_identity(0o755, 0o2755, directory=True)
    assert not gives_identity(0o4755, 0o4750, directory=False)
