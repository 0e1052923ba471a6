from __future__ import annotations

from rsh.files.sync.agreed import Agreed


def test_paths_that_were_added_are_in_it_and_no_others() -> None:
    agreed = Agreed()
    for path in (b"a", b"d/", b"\xff\n"):
        agreed.add(path)
    assert len(agreed) == 3
    assert [path in agreed for path in (b"a", b"d/", b"\xff\n", b"a/", b"d", b"", "a", None)] == [True] * 3 + [
        False
    ] * 5


def test_two_of_them_know_a_path_by_different_digests() -> None:
    one, two = Agreed(), Agreed()
    one.add(b"a")
    two.add(b"a")
    assert one._digests != two._digests
