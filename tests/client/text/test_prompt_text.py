"""The text of the prompt (R7)."""

from __future__ import annotations

import pytest

from rsh.client.text.prompt_text import Place, color_of, fragments, shortened, tilde


def text(place: Place, columns: int = 80) -> str:
    return "".join(piece for _, piece in fragments(place, columns))


HOME = Place("ann", "box.example.org", b"", b"/home/ann")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (HOME, "ann@box:~$ "),
        (Place("root", "box", b"/etc", b"/root"), "root@box:/etc# "),
        (Place("ann", "box", b"/home/ann/src", b"/home/ann", 2), "ann@box:~/src 2$ "),
        (Place("ann", "box", b"/home/anna", b"/home/ann"), "ann@box:/home/anna$ "),
        (Place("ann", "box", b"/a/\x1b[31m\xff", b"/"), "ann@box:/a/\\x1b[31m\\xff$ "),
        (Place("a\nb", "e\x1bvil", b"", b""), "a\\x0ab@e\\x1bvil:~$ "),
    ],
)
def test_prompt_tells_where_it_stands(place: Place, shown: str) -> None:
    assert text(place) == shown


def test_status_is_marked_when_it_is_not_zero() -> None:
    assert ("class:prompt.status", " 2") in fragments(Place("a", "b", b"", b"", 2), 80)


def test_host_has_its_colour_always() -> None:
    assert color_of("box") == color_of("box")
    assert len({color_of(f"host{number}") for number in range(100)}) > 3


@pytest.mark.parametrize(
    ("directory", "room", "shown"),
    [
        ("~/a/b", 12, "~/a/b"),
        ("~/projects/rsh/tests/client", 18, "~/…/tests/client"),
        ("/usr/share/doc/packages/bash", 16, "/…/packages/bash"),
        ("/one/a-very-long-directory-name", 12, "…/a-very-long-directory-name"),
        ("~/文書/資料/計画", 12, "~/…/計画"),
    ],
)
def test_directory_is_shortened_to_its_room(directory: str, room: int, shown: str) -> None:
    assert shortened(directory, room) == shown


@pytest.mark.parametrize(
    ("directory", "home", "shown"),
    [(b"/", b"/", "~"), (b"/x", b"/", "/x"), (b"/h/x", b"/h", "~/x"), (b"/h", b"/h", "~")],
)
def test_home_is_a_tilde(directory: bytes, home: bytes, shown: str) -> None:
    assert tilde(directory, home) == shown
