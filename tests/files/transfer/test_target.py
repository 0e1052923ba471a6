"""cp's rules, by whole transfers: where do things go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import ProtocolError
from rsh.protocol.transfer_records import Begin, Directory
from tests.files.transfers import packed, receive_by_hand, transfer, whole


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.chdir(tmp_path)
    Path("one").write_bytes(b"one")
    Path("two").write_bytes(b"two")
    Path("tree/sub").mkdir(parents=True)
    Path("tree/leaf").write_bytes(b"leaf")
    Path("into").mkdir()
    return os.fsencode(tmp_path)


def content(path: str) -> bytes:
    return Path(path).read_bytes()


def errors(sources: list[bytes], target: bytes) -> list[tuple[bytes, str]]:
    sent, received = transfer(sources, target)
    assert [error.error for error in sent.failures] == [error.error for error in received.failures]
    return [(error.path, error.error) for error in received.failures]


@pytest.mark.parametrize("target", [b"into", b"into/", b"./into", b"tree/../into", b"into/."])
def test_file_goes_into_an_existing_directory(top: bytes, target: bytes) -> None:
    assert errors([b"one"], target) == []
    assert content("into/one") == b"one"


@pytest.mark.parametrize("target", [b"new", b"into/new", b"two", b"./two"])
def test_file_gets_the_name_of_the_target(top: bytes, target: bytes) -> None:
    assert errors([b"one"], target) == []
    assert content(os.fsdecode(target)) == b"one"


def test_empty_target_is_the_directory(top: bytes) -> None:
    assert receive_by_hand(whole(packed(b"here")), b"", directory=top + b"/into").ok
    assert content("into/here") == b"content"


def test_relative_target_starts_at_the_directory(top: bytes) -> None:
    assert receive_by_hand(whole(packed(b"x")), b"sub/name", directory=top + b"/tree").ok
    assert content("tree/sub/name") == b"content"


def test_tree_goes_into_a_directory_or_gets_the_name(top: bytes) -> None:
    assert errors([b"tree"], b"into") == errors([b"tree/"], b"named") == errors([b"tree"], b"slashed/") == []
    assert content("into/tree/leaf") == content("named/leaf") == content("slashed/leaf") == b"leaf"


def test_dot_goes_into_the_target_itself(top: bytes) -> None:
    mode = os.stat("into").st_mode
    assert errors([b"tree/."], b"into") == errors([b"tree/."], b"made") == []
    assert content("into/leaf") == content("made/leaf") == b"leaf"
    assert os.stat("into").st_mode == mode


def test_several_go_into_a_directory(top: bytes) -> None:
    assert errors([b"one", b"two", b"tree"], b"into") == []
    assert sorted(os.listdir("into")) == ["one", "tree", "two"]


@pytest.mark.parametrize("target", [b"two", b"missing"])
def test_several_to_what_is_no_directory_are_refused_and_it_stays(top: bytes, target: bytes) -> None:
    assert errors([b"one", b"tree"], target) == [(target, "ENOTDIRTARGET")]
    assert content("two") == b"two" and not os.path.exists("missing")


@pytest.mark.parametrize(
    ("target", "path", "error"),
    [
        (b"missing/", b"missing/", "ENOTDIR"),
        (b"missing/deep/er", b"missing/deep/er", "ENOENT"),
        (b"two/", b"two/", "ENOTDIR"),
        (b"two/x", b"two/x", "ENOTDIR"),
        (b"/dev/null", b"/dev/null", "ESPECIAL"),
        (b"nowhere/..", b"nowhere/..", "ENOENT"),
        (b"x" * 256, b"x" * 256, "ENAMETOOLONG"),
    ],
)
def test_target_that_will_not_do_is_named(top: bytes, target: bytes, path: bytes, error: str) -> None:
    assert errors([b"one"], target) == [(path, error)]
    assert content("two") == b"two"


def test_tree_onto_a_file_is_refused(top: bytes) -> None:
    assert errors([b"tree"], b"two") == [(b"two", "ENOTDIR")]
    assert content("two") == b"two"


def test_failure_in_a_tree_is_named_by_the_path_over_there(top: bytes) -> None:
    Path("into/tree/leaf/x").mkdir(parents=True)
    assert errors([b"tree"], b"into") == [(b"into/tree/leaf", "EISDIR")]
    Path("named/tree/sub/leaf").mkdir(parents=True)
    Path("tree/sub/leaf").touch()
    assert errors([b"tree"], b"named") == [(b"named/tree/sub/leaf", "EISDIR")]


def test_link_to_a_directory_is_gone_into(top: bytes) -> None:
    os.symlink("into", "link")
    assert errors([b"one"], b"link") == []
    assert content("into/one") == b"one"


def test_link_to_a_file_that_the_user_names_is_followed(top: bytes) -> None:
    os.symlink("../two", "into/link")
    os.symlink("into/link", "link")
    assert errors([b"one"], b"link") == []
    assert os.path.islink("link") and os.path.islink("into/link") and content("two") == b"one"


def test_link_to_nothing_that_the_user_names_is_replaced(top: bytes) -> None:
    os.symlink("gone", "link")
    assert errors([b"one"], b"link") == []
    assert not os.path.islink("link") and not os.path.exists("gone") and content("link") == b"one"


def test_link_onto_a_link_replaces_it(top: bytes) -> None:
    os.symlink("two", "link")
    os.symlink("one", "source")
    assert errors([b"source"], b"link") == []
    assert os.readlink("link") == "one" and content("two") == b"two"


def test_file_onto_itself_stays_whole(top: bytes) -> None:
    assert errors([b"one"], b"one") == errors([b"one"], b".") == []
    assert content("one") == b"one"


def begun(source: bytes, target: bytes) -> list[bytes]:
    """Have a copy of a tree break off half-way; give what is there then."""
    with pytest.raises(ProtocolError):
        receive_by_hand([Begin(1), Directory(source, 0o755, 1)], target)
    return os.listdir(target)


@pytest.mark.parametrize("target", [b"new", b"new/", b"into/tree"])
def test_a_copy_to_a_new_name_that_was_interrupted_goes_on_with_what_it_has_begun(top: bytes, target: bytes) -> None:
    where = os.fsdecode(target).rstrip("/")
    assert len(begun(b"tree", target)) == 1
    for into in (where, f"{where}/tree"):  # Once it is whole the rules of cp hold again.
        assert errors([b"tree"], target) == []
        assert set(os.listdir(into)) <= {"leaf", "sub", "tree"}
        assert content(f"{into}/leaf") == b"leaf" and Path(into, "sub").is_dir()
    assert os.stat(into).st_mtime_ns == os.stat("tree").st_mtime_ns


def test_another_source_goes_into_it_as_ever(top: bytes) -> None:
    begun(b"tree", b"new")
    assert errors([b"into"], b"new") == []
    assert errors([b"one", b"tree"], b"new") == []
    assert {"into", "one", "tree"} < set(os.listdir("new"))


def test_content_of_a_source_leaves_no_mark(top: bytes) -> None:
    assert errors([b"tree/."], b"new") == []
    assert sorted(os.listdir("new")) == ["leaf", "sub"]
