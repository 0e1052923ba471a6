from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.machines import Daemon, Home


@pytest.fixture
def url(shared_daemon: Daemon) -> str:
    return shared_daemon.home.server_command("url", shared_daemon.host).stdout.decode().strip()


def test_key_is_one_line_and_always_the_same(home: Home) -> None:
    line = home.rsh("key").stdout
    assert re.fullmatch(rb"rsh-cert [A-Za-z0-9+/=]+ \S+\n", line)
    assert home.rsh("key").stdout == line


def test_fingerprint_of_the_key_is_that_of_json(home: Home) -> None:
    told = json.loads(home.rsh("key", "--json").stdout)
    assert home.rsh("key", "-l").stdout.decode() == told["fingerprint"] + "\n"
    assert Path(told["file"]).stat().st_mode & 0o777 == 0o600


def test_trust_pins_lists_and_forgets(home: Home, host: str, url: str) -> None:
    fingerprint = url.partition("#")[2]
    assert home.rsh("trust", url).stdout.decode() == f"{host} is trusted: {fingerprint}\n"
    assert b"already" in home.rsh("trust", url).stdout
    assert home.rsh("trust").stdout.decode() == f"{host} {fingerprint}\n"
    assert json.loads(home.rsh("trust", "--json").stdout)["address"] == host
    assert home.rsh("trust", "--forget", host).returncode == 0
    assert home.rsh("trust").stdout == b""
    assert home.rsh("trust", "--forget", url).returncode == 2


def test_trust_refuses_another_key_than_the_urls(home: Home, url: str) -> None:
    wrong = url[:-4] + ("AAAA" if not url.endswith("AAAA") else "BBBB")
    done = home.rsh("trust", wrong)
    assert done.returncode == 255
    assert b"WRONG SERVER KEY" in done.stderr
    assert home.rsh("trust").stdout == b""


@pytest.mark.parametrize("text", ["localhost", "rsh://localhost", "rsh://#SHA256:x", "rsh://-x:1#SHA256:" + "A" * 43])
def test_what_is_no_url_is_wrong_usage(home: Home, text: str) -> None:
    assert home.rsh("trust", text).returncode == 2
