from __future__ import annotations

import datetime
import os
import threading
from pathlib import Path

import pytest

from rsh.errors import Code, Refused, UsageError
from rsh.trust import certificate
from rsh.trust.authorized import Authorized, AuthorizedKeys, format_line, parse_line
from rsh.trust.identity import identity


@pytest.fixture
def keys(config: Path) -> AuthorizedKeys:
    config.mkdir(parents=True, mode=0o700)
    return AuthorizedKeys.of_account()


def line_with(options: str, der: bytes) -> str:
    return f"{options} {format_line(der, 'somebody')}"


def test_plain_line_is_a_key_with_its_comment(alice: bytes) -> None:
    assert parse_line(format_line(alice, "alice at home")) == Authorized(alice, "alice at home")


def test_line_without_comment_is_good(alice: bytes) -> None:
    assert parse_line(format_line(alice)) == Authorized(alice)


def test_all_options_are_read(alice: bytes) -> None:
    options = 'read-only,no-shell,expires="2027-01-31T12:00:00+01:00",from="10.0.0.0/8,fe80::/10,::1"'
    entry = parse_line(line_with(options, alice))
    assert entry.read_only and entry.no_shell
    assert entry.expires == datetime.datetime(2027, 1, 31, 11, tzinfo=datetime.UTC).timestamp()
    assert entry.networks == ("10.0.0.0/8", "fe80::/10", "::1/128")
    assert entry.linger is None


def test_key_may_be_limited_to_a_directory(alice: bytes) -> None:
    assert parse_line(line_with('path="/srv/a drop, here"', alice)).path == "/srv/a drop, here"


def test_sessions_of_a_key_may_linger_for_another_time(alice: bytes) -> None:
    assert parse_line(line_with("linger=86400", alice)).linger == 86400.0


@pytest.mark.parametrize("text", ["-1", "1.5", "soon", "\u0663", ""])
def test_line_with_no_time_to_linger_is_refused(alice: bytes, text: str) -> None:
    with pytest.raises(UsageError):
        parse_line(line_with(f"linger={text}", alice))


@pytest.mark.parametrize(
    "options",
    [
        "path=srv",
        "path=",
        "frobnicate",
        "read-only,sudo",
        "read-only=yes",
        "READ-ONLY",
        "expires",
        "expires=",
        "expires=tomorrow",
        "from=",
        "from=somewhere",
        "from=10.0.0.1/8",
        'from="10.0.0.0/8',
    ],
)
def test_unknown_or_malformed_option_disables_the_line(alice: bytes, options: str) -> None:
    with pytest.raises(UsageError):
        parse_line(line_with(options, alice))


@pytest.mark.parametrize("text", ["", "rsh-cert", "ssh-ed25519 AAAA me", "rsh-cert AAAA", "a b rsh-cert AAAA", "# x"])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_line(text)


def test_key_expires_at_its_moment(alice: bytes) -> None:
    entry = parse_line(line_with("expires=2027-01-31", alice))
    moment = datetime.datetime(2027, 1, 31, tzinfo=datetime.UTC).timestamp()
    entry.check("10.0.0.1", now=moment - 1)
    with pytest.raises(Refused, match="expired") as refusal:
        entry.check("10.0.0.1", now=moment)
    assert refusal.value.code is Code.UNKNOWN_KEY


@pytest.mark.parametrize("host", ["10.1.2.3", "::1", "::ffff:10.1.2.3", "fe80::1%eth0"])
def test_key_is_good_from_its_networks(alice: bytes, host: str) -> None:
    parse_line(line_with('from="10.0.0.0/8,::1,fe80::/10"', alice)).check(host)


@pytest.mark.parametrize("host", ["11.1.2.3", "::2", "", "unix", "somebody"])
def test_key_is_no_good_from_elsewhere(alice: bytes, host: str) -> None:
    with pytest.raises(Refused):
        parse_line(line_with('from="10.0.0.0/8,::1"', alice)).check(host)


def test_nobody_is_known_without_files(keys: AuthorizedKeys) -> None:
    assert keys.current() == {} and keys.messages == ()


def test_own_identity_is_a_member_as_soon_as_it_appears(keys: AuthorizedKeys) -> None:
    before = keys.current()
    own = identity("id")
    assert before == {} and list(keys.current()) == [own.der]


def test_same_object_is_given_until_something_changes(keys: AuthorizedKeys, alice: bytes, bob: bytes) -> None:
    keys.append(format_line(alice))
    first = keys.current()
    assert keys.current() is first
    keys.append(format_line(bob))
    assert keys.current() is not first and set(keys.current()) == {alice, bob}


def test_removed_line_is_noticed(keys: AuthorizedKeys, config: Path, alice: bytes) -> None:
    keys.append(format_line(alice))
    assert alice in keys.current()
    (config / "authorized").write_text("# nobody\n")
    assert alice not in keys.current()


def test_bad_lines_are_named_and_skipped(keys: AuthorizedKeys, config: Path, alice: bytes, bob: bytes) -> None:
    path = config / "authorized"
    path.write_bytes(
        b"# friends\n\nrsh-cert AAAA broken\n"
        + line_with("where=/srv", bob).encode()
        + b"\n\xff\xfe\x00 junk\n"
        + format_line(alice, "alice").encode()
        + b"\n"
    )
    assert list(keys.current()) == [alice]
    assert [message.split(": ")[0] for message in keys.messages] == [f"{path}:{number}" for number in (3, 4, 5)]
    assert "option 'where=/srv' is not known" in keys.messages[1]


def test_file_that_others_may_write_counts_for_nothing(keys: AuthorizedKeys, config: Path, alice: bytes) -> None:
    keys.append(format_line(alice))
    assert keys.current()
    os.chmod(config / "authorized", 0o666)
    assert keys.current() == {} and "0666" in keys.messages[0]


def test_append_makes_a_private_file(keys: AuthorizedKeys, config: Path, alice: bytes) -> None:
    entry = keys.append(f"  {format_line(alice, 'alice')}\n")
    assert entry == Authorized(alice, "alice")
    assert (config / "authorized").read_text() == format_line(alice, "alice") + "\n"
    assert (config / "authorized").stat().st_mode & 0o777 == 0o600


def test_append_twice_changes_nothing(keys: AuthorizedKeys, config: Path, alice: bytes) -> None:
    keys.append(format_line(alice))
    before = os.stat(config / "authorized")
    keys.append(format_line(alice))
    assert os.stat(config / "authorized").st_ino == before.st_ino


def test_append_replaces_the_line_of_the_same_key(keys: AuthorizedKeys, config: Path, alice: bytes, bob: bytes) -> None:
    (config / "authorized").write_text(f"# mine\n{format_line(alice)}\n{format_line(bob)}")
    keys.append(line_with("read-only", alice))
    lines = (config / "authorized").read_text().splitlines()
    assert lines == ["# mine", format_line(bob), line_with("read-only", alice)]


@pytest.mark.parametrize("ending", ["\x1b[2J", "\nrsh-cert x", "\u202e"])
def test_append_refuses_control_characters(keys: AuthorizedKeys, config: Path, alice: bytes, ending: str) -> None:
    with pytest.raises(UsageError):
        keys.append(format_line(alice, f"alice{ending}x"))
    assert not (config / "authorized").exists()


def test_appends_at_once_lose_none(keys: AuthorizedKeys) -> None:
    made = [certificate.to_der(certificate.make(f"key {number}")) for number in range(8)]
    threads = [threading.Thread(target=keys.append, args=(format_line(der),)) for der in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(keys.current()) == set(made)
