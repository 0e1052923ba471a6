"""From what a user types to an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.dialling.dial import resolve
from rsh.errors import UsageError


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "rsh").mkdir(mode=0o700)
    file = tmp_path / "rsh" / "config.toml"
    file.write_text('[hosts.build]\naddress = "ann@build.example.org:8022"\n[hosts.broken]\n')
    return file


def test_alias_stands_for_its_address() -> None:
    address = resolve("build")
    assert (address.user, address.host, address.port) == ("ann", "build.example.org", 8022)


def test_user_before_an_alias_takes_the_place_of_its_own() -> None:
    address = resolve("bob@build")
    assert (address.user, address.host) == ("bob", "build.example.org")


def test_name_that_is_no_alias_is_an_address() -> None:
    assert resolve("other:9").port == 9


def test_alias_without_address_is_named() -> None:
    with pytest.raises(UsageError, match=r"hosts\.broken has no address"):
        resolve("broken")


def test_configuration_that_is_no_toml_is_named_with_its_line(configuration: Path) -> None:
    configuration.write_text("[hosts\n")
    with pytest.raises(UsageError, match="line 1"):
        resolve("build")
