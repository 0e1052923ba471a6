"""Keys are made once for all tests of the transport."""

from __future__ import annotations

import pytest

from tests.transport.keys import Key


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("host"), "host")


@pytest.fixture(scope="session")
def friend(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("friend"), "friend")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("stranger"), "stranger")
