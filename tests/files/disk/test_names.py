from __future__ import annotations

import pytest

from rsh.errors import ProtocolError
from rsh.files.disk.names import Asked, check_component, has_magic, is_component, join


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"/", b"\0", b"a\0", b"x" * 256])
def test_what_is_no_component_is_refused(name: bytes) -> None:
    assert not is_component(name)
    with pytest.raises(ProtocolError, match="not a file name"):
        check_component(name)


@pytest.mark.parametrize("name", [b"...", b"-", b" ", b"\n", b"\xff", b"x" * 255, b"~", b".part"])
def test_odd_component_is_accepted(name: bytes) -> None:
    check_component(name)


@pytest.mark.parametrize(
    ("directory", "name", "path"),
    [(b"a", b"b", b"a/b"), (b"a/", b"b", b"a/b"), (b"", b"b", b"b"), (b"a", b"/b", b"/b"), (b"/", b"b", b"/b")],
)
def test_join_puts_one_slash_between(directory: bytes, name: bytes, path: bytes) -> None:
    assert join(directory, name) == path


def test_magic_is_seen() -> None:
    assert [has_magic(name) for name in (b"*", b"a?", b"[x", b"plain~{}")] == [True, True, True, False]


def test_asked_takes_any_of_several_sources() -> None:
    asked = Asked([b"a", b"d/*.c", b"x/."])
    assert [asked.allows(name) for name in (b"a", b"m.c", b"b", b"d", b"*.c")] == [True, True, False, False, True]
    assert asked.allows_root() and not Asked([b"a"]).allows_root()


def test_hidden_source_has_to_be_asked_for_as_such() -> None:
    asked = Asked([b"*", b"d/[.]b*", b".p*"])
    assert [asked.allows(name) for name in (b"a", b".bashrc", b".profile")] == [True, False, True]


def test_home_directory_brings_one_name_only() -> None:
    asked = Asked([b"~", b"~user/", b"x"])
    assert [asked.allows(name) for name in (b"x", b"me", b"user", b"me", b".ssh")] == [True, True, True, True, False]
