from __future__ import annotations

from rsh.client.terminal.key_modes import MAX_DEPTH, KeyModes


def undone(keys: KeyModes, screen: int = 0) -> bytes:
    return b"".join([*keys.undo_screen(screen), *keys.undo()])


def test_each_screen_has_a_stack_of_its_own() -> None:
    keys = KeyModes()
    keys.push(1)
    keys.screen = 1
    keys.push(3)
    keys.push(5)
    assert (undone(keys, 0), undone(keys, 1)) == (b"\x1b[<1u", b"\x1b[<2u")
    keys.pop(0)
    keys.pop(9)
    assert undone(keys, 1) == b""


def test_flags_are_added_removed_and_replaced() -> None:
    keys = KeyModes()
    keys.set(1, b"")
    keys.set(4, b"2")
    keys.set(1, b"3")
    assert b"".join(keys.redo_screen()) == b"\x1b[=4u"
    keys.set(4, b"3")
    assert undone(keys) == b""


def test_stack_is_no_deeper_than_a_terminal_keeps() -> None:
    keys = KeyModes()
    for flags in range(1000):
        keys.push(flags)
    assert undone(keys) == b"\x1b[<%du" % MAX_DEPTH


def test_format_without_a_value_sets_the_resource_back() -> None:
    keys = KeyModes()
    keys.format(b"4;2", b"m")
    keys.format(b"1;1", b"f")
    assert b"".join(keys.redo()) == b"\x1b[>4;2m\x1b[>1;1f"
    keys.format(b"4", b"m")
    assert undone(keys) == b"\x1b[>1f"


def test_pushes_are_counted_one_by_one() -> None:
    for count in range(1, MAX_DEPTH):
        keys = KeyModes()
        for flags in range(count):
            keys.push(flags)
        assert undone(keys) == b"\x1b[<%du" % count
