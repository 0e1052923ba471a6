from __future__ import annotations

import pytest

from rsh.client.cli.location import Location, locate, parse_host, parse_location
from rsh.client.cli.options import Options, parse
from rsh.client.cli.table import find
from rsh.errors import UsageError


def located(line: str) -> tuple[str | None, Options]:
    name, *words = line.split()
    command = find(name, "cli")
    assert command is not None
    options = parse(command, words, "cli")
    return locate(command, options), options


def refused(line: str) -> str:
    with pytest.raises(UsageError) as caught:
        located(line)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("build:a", "build", "a"),
        ("build:", "build", ""),
        ("me@build:/x:y", "me@build", "/x:y"),
        ("build:8000:a", "build:8000", "a"),
        ("build:8000", "build", "8000"),
        ("[::1]:a", "[::1]", "a"),
        ("[::1]:8000:a b", "[::1]:8000", "a b"),
        ("me@[fe80::1%eth0]:x", "me@[fe80::1%eth0]", "x"),
        ("unix:/run/rsh.sock:x", "unix:/run/rsh.sock", "x"),
        ("build:a@b", "build", "a@b"),
        ("build:\udcff", "build", "\udcff"),
    ],
)
def test_a_path_over_there_is_parted_from_its_host(text: str, host: str, path: str) -> None:
    assert parse_location(text) == Location(host, path)


@pytest.mark.parametrize("text", ["a", "./a:b", "/a:b", "d/a:b", "a@b", "[x", "[x]", "dir@2/a:b"])
def test_a_name_of_this_machine_has_no_host(text: str) -> None:
    assert parse_location(text) is None


def test_a_path_behind_no_host_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_location(":x")


@pytest.mark.parametrize(
    "text", ["build", "::1", "fe80::1%eth0", "unix:/run/rsh.sock", "build:8000", "me@build:22", "[::1]:8000"]
)
def test_a_host_alone_means_its_home(text: str) -> None:
    assert parse_host(text) == Location(text, "")


def test_a_file_named_like_a_port_needs_a_dot() -> None:
    assert parse_host("build:./8000") == Location("build", "./8000")
    assert parse_host("build:8000:8001") == Location("build:8000", "8001")


def test_put_takes_the_host_from_its_last_argument() -> None:
    host, options = located("put a ./b:c build:dir/")
    assert (host, options.paths) == ("build", ["a", "./b:c", "dir/"])


def test_put_into_a_directory_takes_only_sources() -> None:
    host, options = located("put -t build:dir a b")
    assert (host, options.target, options.paths) == ("build", "dir", ["a", "b"])


def test_get_with_one_argument_copies_here() -> None:
    assert located("get build:a")[1].paths == ["a"]


def test_get_takes_the_host_from_all_sources() -> None:
    host, options = located("get build:a build:b dir")
    assert (host, options.paths) == ("build", ["a", "b", "dir"])


def test_the_wrong_side_of_a_copy_is_refused() -> None:
    assert refused("put a b") == "'b' names no host"
    assert refused("put a") == "'a' names no host"
    assert refused("put build:a build:b") == "'build:a' is not here"
    assert refused("get a b") == "'a' names no host"
    assert refused("get build:a build:b") == "'build:b' is not here"


def test_paths_on_two_hosts_are_refused() -> None:
    assert refused("get one:a two:b .") == "paths on two hosts: one and two"
    assert refused("mv one:a two:b") == "paths on two hosts: one and two"


def test_ls_takes_a_bare_host() -> None:
    assert located("ls build")[1].paths == ["."]


def test_ls_without_a_host_is_refused() -> None:
    assert refused("ls") == "missing HOST"


def test_rm_takes_no_bare_host() -> None:
    assert refused("rm build") == "'build' names no host"


def test_the_directory_of_exec_is_bare() -> None:
    host, options = located("exec build -C a:b x")
    assert (host, options.directory) == ("build", "a:b")
