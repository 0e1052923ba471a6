from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.errors import UsageError
from rsh.transport.address import Address, parse, parse_destination


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("host", "host:8000"),
        ("Host.Example.ORG:22", "host.example.org:22"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("::1", "[::1]:8000"),
        ("[::1]", "[::1]:8000"),
        ("[::1]:9", "[::1]:9"),
        ("::", "[::]:8000"),
        ("fe80::1%eth0", "[fe80::1%eth0]:8000"),
        ("[fe80::1%eth0]:1", "[fe80::1%eth0]:1"),
        ("::ffff:1.2.3.4", "[::ffff:1.2.3.4]:8000"),
        (":8000", ":8000"),
        (":0", ":0"),
        ("unix:/run/rsh/s.sock", "unix:/run/rsh/s.sock"),
        ("unix:/with space/s", "unix:/with space/s"),
        ("fd:3", "fd:3"),
        ("bücher.example", "bücher.example:8000"),
    ],
)
def test_address_has_one_canonical_form(text: str, canonical: str) -> None:
    address = parse(text)
    assert str(address) == canonical
    assert parse(canonical) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=x",
        "-",
        ":",
        "host:",
        "host:http",
        "host:-1",
        "host:65536",
        "host:99999999999999999999",
        "host:٣",
        "host: 80",
        "a:b:c",
        "::1:8000:",
        ":::8000",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[host]:8000",
        "[]:8000",
        "[",
        "]",
        "::1]",
        "fe80::1%",
        "fe80::1%a%b",
        "ho st",
        "host\n",
        "ho\0st",
        "\x1b[2Jhost",
        "host\u202e",
        "host/path",
        "user@host",
        "rsh://host",
        "$(id)",
        "unix:",
        "unix:/a\0b",
        "unix:/" + "x" * 120,
        "fd:",
        "fd:-1",
        "fd:x",
        "fd:99999999999",
    ],
)
def test_junk_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse(text)
    assert str(refusal.value).isprintable()


def test_default_port_is_taken_where_none_is_named() -> None:
    assert parse("host", default_port=1).port == 1
    assert parse("[::1]", default_port=1).port == 1
    assert parse("host:2", default_port=1).port == 2


@pytest.mark.parametrize(
    ("text", "user", "canonical"),
    [
        ("host", "", "host:8000"),
        ("ann@host:1", "ann", "host:1"),
        ("ann@[::1]:1", "ann", "[::1]:1"),
        ("ann@::1", "ann", "[::1]:8000"),
        ("unix:/a@b", "", "unix:/a@b"),
    ],
)
def test_destination_may_name_a_user(text: str, user: str, canonical: str) -> None:
    address = parse_destination(text)
    assert (address.user, str(address)) == (user, canonical)


@pytest.mark.parametrize(
    "text", ["@host", "-l@host", "a:b@host", "a/b@host", "a@b@host", ":8000", "host:0", "ann@", "ann@-x"]
)
def test_impossible_destination_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_destination(text)


@pytest.mark.parametrize("text", ["unix", "fd", "[unix]:8000"])
def test_host_is_refused_when_it_would_read_as_another_kind(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@given(st.text(st.sampled_from("[]:%@-.0123456789abfhostunix/ \n\0é"), max_size=20))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        address = parse(text)
    except UsageError:
        return
    assert parse(str(address)) == address


def test_address_is_hashable() -> None:
    assert len({parse("h"), parse("h:8000"), Address("tcp", host="h", port=8000)}) == 1
