from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.client.dialling import configuration
from rsh.client.dialling.configuration import MUX_PERSIST, alias, mux, mux_persist, names, prompt_settings
from rsh.errors import UsageError


@pytest.fixture
def file() -> Path:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "rsh"
    folder.mkdir(mode=0o700)
    return folder / "config.toml"


def test_everything_has_its_default_without_a_file() -> None:
    assert (alias("build"), names(), prompt_settings(), mux(), mux_persist()) == (None, [], {}, "never", MUX_PERSIST)


def test_what_is_written_is_given(file: Path) -> None:
    hosts = '[hosts.web]\naddress = "[::1]:9"\n[hosts.build]\naddress = "b"\n'
    file.write_text(f'mux = "auto"\nmux_persist = 1.5\n{hosts}[prompt]\nvi = 1\n')
    assert (alias("web"), alias("other"), names()) == ("[::1]:9", None, ["build", "web"])
    assert (mux(), mux_persist(), prompt_settings()) == ("auto", 1.5, {"vi": 1})


@pytest.mark.parametrize("value", ["true", "-1", "1e9", "nan", '"600"', "[600]"])
def test_time_that_is_none_is_refused(file: Path, value: str) -> None:
    file.write_text(f"mux_persist = {value}\n")
    with pytest.raises(UsageError, match="number of seconds"):
        mux_persist()


def test_wish_that_cannot_be_is_refused(file: Path) -> None:
    file.write_text('mux = "sometimes"\nprompt = 3\n[hosts]\nbuild = 7\n')
    with pytest.raises(UsageError, match="'auto' or 'never'"):
        mux()
    with pytest.raises(UsageError, match="no table"):
        prompt_settings()
    with pytest.raises(UsageError, match=r"hosts\.build has no address"):
        alias("build")


@pytest.mark.parametrize("content", [b"mux = auto\n", b"\xff\n", b"[hosts\n"])
def test_file_that_cannot_be_read_says_where(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match=str(file)):
        configuration.load(str(file))
    file.unlink()
    file.mkdir()
    with pytest.raises(UsageError, match="Is a directory"):
        configuration.load(str(file))
