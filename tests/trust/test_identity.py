from __future__ import annotations

import multiprocessing
import os
import ssl
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.trust.identity import existing_identity, identity


def test_identity_is_made_private_on_first_need(config: Path) -> None:
    made = identity("id")
    assert made.path == str(config / "id.pem")
    assert (config / "id.pem").stat().st_mode & 0o777 == 0o600
    assert config.stat().st_mode & 0o777 == 0o700
    assert os.listdir(config) == ["id.pem"]


def test_identity_stays_the_same(config: Path) -> None:
    assert identity("id") == identity("id")
    assert identity("id") != identity("host")


def test_identity_loads_into_a_context(config: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(identity("host").path)


def test_no_identity_is_made_by_asking_for_an_existing_one(config: Path) -> None:
    assert existing_identity("host") is None
    assert not config.exists()
    made = identity("host")
    assert existing_identity("host") == made


def fingerprint_of_new_identity(_: int) -> str:
    return identity("id").fingerprint


def test_processes_that_start_at_once_agree_on_one(config: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        assert len(set(pool.map(fingerprint_of_new_identity, range(12), chunksize=1))) == 1
    assert os.listdir(config) == ["id.pem"]


def test_loose_identity_is_refused_with_the_remedy(config: Path) -> None:
    path = identity("id").path
    os.chmod(path, 0o644)
    with pytest.raises(UsageError, match="0644") as refusal:
        identity("id")
    assert refusal.value.advice == f"chmod 600 {path}"


def test_loose_folder_is_refused_when_an_identity_is_made(config: Path) -> None:
    config.mkdir(parents=True)
    config.chmod(0o755)
    with pytest.raises(UsageError) as refusal:
        identity("id")
    assert refusal.value.advice == f"chmod 700 {config}"


def test_damaged_identity_is_refused_not_replaced(config: Path) -> None:
    path = Path(identity("id").path)
    path.write_bytes(b"rubbish")
    with pytest.raises(UsageError, match="no certificate"):
        identity("id")
    assert path.read_bytes() == b"rubbish"
