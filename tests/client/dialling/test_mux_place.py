from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh import places
from rsh.client.dialling.mux_place import SOCKET, place_of, places_known
from rsh.errors import UsageError
from rsh.transport.address import parse_destination

BUILD = parse_destination("build:8000")


def names(*texts: str) -> set[str]:
    return {place_of(parse_destination(text)).name for text in texts}


def test_each_server_port_and_account_has_a_place_of_its_own() -> None:
    assert len(names("build", "build:9000", "other", "ann@build", "build:8000", "BUILD")) == 4


def test_place_stays_while_nothing_changes() -> None:
    assert place_of(BUILD).name == place_of(BUILD).name


@pytest.mark.parametrize("name", ["id.pem", "host.pem"])
def test_another_key_is_another_place(name: str) -> None:
    before = place_of(BUILD).name
    path = Path(places.config_dir()) / name
    path.touch(mode=0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    assert place_of(BUILD).name != before


def test_another_pin_of_that_server_is_another_place() -> None:
    before = place_of(BUILD).name
    path = Path(places.config_dir()) / "known_hosts"
    path.write_text("other:8000 SHA256:x y\n")
    assert place_of(BUILD).name == before
    path.write_text("build:8000 SHA256:x y\n")
    assert place_of(BUILD).name != before


def test_loose_folder_is_refused() -> None:
    os.chmod(place_of(BUILD).folder, 0o770)
    with pytest.raises(UsageError):
        place_of(BUILD)


def test_what_is_known_is_what_has_a_socket() -> None:
    place = place_of(BUILD)
    assert places_known() == []
    Path(place.path(SOCKET)).touch()
    assert [each.name for each in places_known()] == [place.name]
    place.remove()
    assert places_known() == []


def test_damaged_words_about_itself_are_none() -> None:
    place = place_of(BUILD)
    assert place.about() is None
    Path(place.path(".json")).write_text("{")
    assert place.about() is None
