from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import TrustError, UsageError
from rsh.trust import known_hosts
from rsh.trust.certificate import fingerprint, to_base64
from rsh.trust.identity import identity

HERE = "build.example.org:8000"


def test_nobody_is_known_at_first(config: Path) -> None:
    assert known_hosts.lookup(HERE) == []
    assert not config.exists()


def test_own_host_key_is_good_where_nothing_is_pinned(config: Path, alice: bytes) -> None:
    own = identity("host")
    assert known_hosts.lookup(HERE) == [own.der]
    known_hosts.pin(HERE, alice)
    assert known_hosts.lookup(HERE) == [alice]


def test_pinned_certificate_is_found_by_its_address_only(config: Path, alice: bytes) -> None:
    assert known_hosts.pin(HERE, alice, comment="rack 4")
    assert known_hosts.lookup(HERE) == [alice]
    assert known_hosts.lookup("build.example.org:8001") == []
    assert (config / "known_hosts").read_text() == f"{HERE} {fingerprint(alice)} {to_base64(alice)} rack 4\n"
    assert (config / "known_hosts").stat().st_mode & 0o777 == 0o600


def test_pinning_again_changes_nothing(config: Path, alice: bytes) -> None:
    known_hosts.pin(HERE, alice)
    assert not known_hosts.pin(HERE, alice)


def test_another_certificate_is_pinned_only_when_told(config: Path, alice: bytes, bob: bytes) -> None:
    known_hosts.pin(HERE, alice)
    known_hosts.pin("[::1]:8000", alice)
    with pytest.raises(TrustError, match="another key is pinned"):
        known_hosts.pin(HERE, bob)
    assert known_hosts.pin(HERE, bob, replace=True)
    assert (known_hosts.lookup(HERE), known_hosts.lookup("[::1]:8000")) == ([bob], [alice])


def test_several_lines_for_one_address_all_count(config: Path, alice: bytes, bob: bytes) -> None:
    config.mkdir(parents=True, mode=0o700)
    lines = [f"{HERE} {fingerprint(der)} {to_base64(der)}" for der in (alice, bob)]
    (config / "known_hosts").write_text("# by hand\n\n" + "\n".join(lines))
    assert known_hosts.lookup(HERE) == [alice, bob]


@pytest.mark.parametrize("damage", ["", "SHA256:x", "SHA256:x AAAA", "\x00\x01"])
def test_damaged_line_trusts_nobody_until_the_server_is_pinned_again(config: Path, alice: bytes, damage: str) -> None:
    config.mkdir(parents=True, mode=0o700)
    (config / "known_hosts").write_text(f"{HERE} {damage}\n")
    with pytest.raises(UsageError, match=f"known_hosts: the line of {HERE} is damaged"):
        known_hosts.lookup(HERE)
    assert known_hosts.lookup("another.example:8000") == []
    assert known_hosts.pin(HERE, alice)
    assert known_hosts.lookup(HERE) == [alice]


def test_line_whose_fingerprint_is_anothers_is_damaged(config: Path, alice: bytes, bob: bytes) -> None:
    config.mkdir(parents=True, mode=0o700)
    (config / "known_hosts").write_text(f"{HERE} {fingerprint(alice)} {to_base64(bob)}\n")
    with pytest.raises(UsageError, match="damaged"):
        known_hosts.lookup(HERE)


def test_forgotten_address_is_unknown(config: Path, alice: bytes) -> None:
    known_hosts.pin(HERE, alice)
    assert known_hosts.forget(HERE)
    assert not known_hosts.forget(HERE)
    assert known_hosts.lookup(HERE) == []


def test_file_that_others_may_write_is_refused(config: Path, alice: bytes) -> None:
    known_hosts.pin(HERE, alice)
    os.chmod(config / "known_hosts", 0o622)
    with pytest.raises(UsageError) as refusal:
        known_hosts.lookup(HERE)
    assert refusal.value.advice.startswith("chmod 600")


def test_control_characters_in_a_comment_are_refused(config: Path, alice: bytes) -> None:
    with pytest.raises(UsageError):
        known_hosts.pin(HERE, alice, comment="a\nb")


@pytest.mark.parametrize(("host", "address"), [("h", "h:8000"), ("::1", "[::1]:8000")])
def test_url_round_trips(alice: bytes, host: str, address: str) -> None:
    text = known_hosts.url(host, 8000, fingerprint(alice))
    assert text == f"rsh://{address}#{fingerprint(alice)}"
    assert known_hosts.parse_url(text) == (address, fingerprint(alice))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h:8000",
        "http://h:8000#SHA256:" + "a" * 43,
        "rsh://h:8000",
        "rsh://#SHA256:" + "a" * 43,
        "rsh://h:8000#SHA256:short",
        "rsh://h:8000#MD5:" + "a" * 43,
        "rsh://h:8000#SHA256:" + "é" * 43,
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        known_hosts.parse_url(text)
