"""The completions against the table of commands and the daemon's parser, and at work."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pexpect
import pytest

from rsh.client.cli.table import GLOBAL, commands
from rsh.server.cli import parser
from tests.documents.shells import COMPLETIONS, bash, fish, with_rsh, zsh_options
from tests.documents.test_manual import actions, flags_of, subcommands
from tests.machines import SOON, Daemon
from tests.terminals import hang_up

COMMANDS = commands("cli")
NAMES = {command.name for command in COMMANDS} | {"help"}
OPTIONS = [(command.name, flags_of(command.arguments) | flags_of(GLOBAL)) for command in COMMANDS]
DAEMON = {flag for action in actions(parser()) for flag in action.option_strings}


@pytest.fixture
def account(daemon: Daemon, tmp_path: Path) -> dict[str, str]:
    """The environment of an account that knows its daemon as `build`."""
    config = daemon.home.folder / "config/rsh/config.toml"
    config.write_text(f'[hosts.build]\naddress = "{daemon.host}"\n\n[hosts."far.away"]\naddress = "127.0.0.1:1"\n')
    (config.parent / "known_hosts").write_text("one.example:8000 SHA256:x y\ntwo.example:9000 SHA256:x y\n")
    config.parent.joinpath("known_hosts").chmod(0o600)
    return with_rsh(daemon.home.environment, tmp_path / "bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with names of all kinds."""
    place = tmp_path / "folder"
    for name in ("sub dir", "sub2"):
        (place / name).mkdir(parents=True)
    for name in ("a b", "a*c", "abc", ".hidden", "wide"):
        (place / name).touch()
    return place


@pytest.mark.parametrize(
    ("shell", "name"),
    [
        ("bash", "rsh.bash"),
        ("bash", "rsh-server.bash"),
        ("zsh", "_rsh"),
        ("zsh", "_rsh-server"),
        ("fish", "rsh.fish"),
        ("fish", "rsh-server.fish"),
    ],
)
def test_the_shell_can_read_the_file(shell: str, name: str) -> None:
    done = subprocess.run([shell, "-n", str(COMPLETIONS / name)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bash_offers_the_options_of_the_table_and_no_others() -> None:
    lines = [f"rsh {name} -" for name, _ in OPTIONS]
    for (name, expected), found in zip(OPTIONS, bash("rsh.bash", "_rsh", *lines), strict=True):
        assert set(found) == expected, name


def test_fish_offers_the_options_of_the_table_and_no_others() -> None:
    lines = [f"rsh {name} -" for name, _ in OPTIONS]
    for (name, expected), found in zip(OPTIONS, fish("rsh.fish", *lines), strict=True):
        assert set(found) == expected, name


def test_zsh_offers_the_options_of_the_table_and_no_others() -> None:
    functions = [f"_rsh-{name}" for name, _ in OPTIONS]
    for (name, expected), found in zip(OPTIONS, zsh_options("_rsh", *functions), strict=True):
        assert found == expected, name


def test_commands_are_those_of_the_table_in_every_shell() -> None:
    assert set(bash("rsh.bash", "_rsh", "rsh ")[0]) == NAMES
    assert set(fish("rsh.fish", "rsh ")[0]) == NAMES
    text = (COMPLETIONS / "_rsh").read_text().partition("_rsh_commands=(\n")[2].partition("\n)")[0]
    assert {line.strip().strip("'").partition(":")[0] for line in text.splitlines()} == NAMES


def test_every_shell_knows_the_options_in_front_of_a_command() -> None:
    expected = flags_of(GLOBAL) | {"-V", "--version"}
    assert set(bash("rsh.bash", "_rsh", "rsh -")[0]) == expected
    assert set(fish("rsh.fish", "rsh -")[0]) == expected
    assert zsh_options("_rsh", "_rsh")[0] == expected


def test_options_of_the_daemon_are_those_of_its_parser_in_every_shell() -> None:
    assert set(bash("rsh-server.bash", "_rsh_server", "rsh-server -")[0]) == DAEMON
    assert set(fish("rsh-server.fish", "rsh-server -")[0]) == DAEMON
    assert zsh_options("_rsh-server", "_rsh_server")[0] == DAEMON


def test_commands_of_the_daemon_are_those_of_its_parser() -> None:
    assert set(bash("rsh-server.bash", "_rsh_server", "rsh-server ")[0]) == subcommands(parser())
    assert set(fish("rsh-server.fish", "rsh-server ")[0]) == subcommands(parser())
    text = (COMPLETIONS / "_rsh-server").read_text()
    assert all(f"{name}\\:" in text and f"        {name})" in text for name in subcommands(parser()))


@pytest.mark.parametrize("line", ["rsh --color ", "rsh ls --color=", "rsh sum -a ", "rsh sum --algorithm "])
def test_values_that_can_be_chosen_are_offered(line: str) -> None:
    expected = {"always", "auto", "never"} if "color" in line else {"xxh128", "sha256"}
    assert set(bash("rsh.bash", "_rsh", line)[0]) == expected
    assert {found.rpartition("=")[2] for found in fish("rsh.fish", line)[0]} == expected


def test_levels_of_the_log_are_offered() -> None:
    (choices,) = [action.choices for action in actions(parser()) if "--log-level" in action.option_strings]
    assert choices is not None
    assert set(bash("rsh-server.bash", "_rsh_server", "rsh-server --log-level ")[0]) == set(choices)
    assert set(fish("rsh-server.fish", "rsh-server --log-level ")[0]) == set(choices)


def test_hosts_come_from_the_configuration_and_the_known_ones(account: dict[str, str]) -> None:
    expected = {"localhost", "build", "far.away", "one.example", "two.example:9000"}
    assert set(bash("rsh.bash", "_rsh", "rsh exec ", environment=account)[0]) == expected
    assert set(fish("rsh.fish", "rsh exec ", environment=account)[0]) == expected
    assert {f"{host}:" for host in expected} == set(bash("rsh.bash", "_rsh", "rsh ls ", environment=account)[0])
    assert {f"{host}:" for host in expected} == set(fish("rsh.fish", "rsh ls ", environment=account)[0])


def test_bash_completes_files_over_there(account: dict[str, str], folder: Path) -> None:
    lines = (f"rsh ls build:{folder}/", f"rsh get build:{folder}/a", f"rsh exec build -C {folder}/s")
    every, some, folders = bash("rsh.bash", "_rsh", *lines, environment=account)
    # What stands before the colon is a word of its own there.
    shown = {f"{folder}/{name}" for name in (r"a\ b", r"a\*c", "abc", "wide", r"sub\ dir/", "sub2/")}
    assert set(every) == shown
    assert some == [f"{folder}/{name}" for name in (r"a\ b", r"a\*c", "abc")]
    assert set(folders) == {rf"{folder}/sub\ dir/", f"{folder}/sub2/"}


def test_fish_completes_files_over_there(account: dict[str, str], folder: Path) -> None:
    lines = (f"rsh ls build:{folder}/", f"rsh get build:{folder}/.", f"rsh exec build -C {folder}/s")
    every, hidden, folders = fish("rsh.fish", *lines, environment=account)
    shown = {f"build:{folder}/{name}" for name in ("a b", "a*c", "abc", "wide", "sub dir/", "sub2/")}
    assert set(every) == shown
    assert hidden == [f"build:{folder}/.hidden"]
    assert set(folders) == {f"{folder}/sub dir/", f"{folder}/sub2/"}


def test_words_of_a_remote_command_are_completed_over_there(account: dict[str, str], folder: Path) -> None:
    lines = ("rsh exec build -- unam", f"rsh exec build cat {folder}/wi")
    assert bash("rsh.bash", "_rsh", *lines, environment=account) == [["uname"], [f"{folder}/wide"]]
    assert fish("rsh.fish", *lines, environment=account) == [["uname"], [f"{folder}/wide"]]


def test_ids_of_jobs_are_offered(account: dict[str, str]) -> None:
    subprocess.run(
        ["rsh", "exec", "-d", "--id", "nightly", "build", "--", "true"],
        env=account,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    lines = ("rsh logs build ", "rsh wait build ni", "rsh jobs build nightly ")
    assert bash("rsh.bash", "_rsh", *lines, environment=account) == [["nightly"]] * 3
    assert fish("rsh.fish", *lines, environment=account) == [["nightly"]] * 3


def test_files_here_are_completed_where_they_are_meant(account: dict[str, str], folder: Path) -> None:
    lines = (f"rsh put {folder}/wi", f"rsh get build:x {folder}/wi")
    assert bash("rsh.bash", "_rsh", *lines, environment=account) == [[f"{folder}/wide"], [f"{folder}/wide"]]
    assert fish("rsh.fish", *lines, environment=account) == [[f"{folder}/wide"], [f"{folder}/wide"]]


def test_a_host_that_does_not_answer_gives_nothing_and_says_nothing(account: dict[str, str]) -> None:
    lines = ("rsh ls far.away:x", "rsh exec far.away -- unam")
    assert [list(filter(None, found)) for found in bash("rsh.bash", "_rsh", *lines, environment=account)] == [[], []]
    assert fish("rsh.fish", *lines, environment=account) == [[], []]


def test_zsh_completes_files_over_there_as_one_types(account: dict[str, str], folder: Path) -> None:
    child = pexpect.spawn("zsh", ["-f"], env={**account, "TERM": "dumb"}, timeout=SOON, dimensions=(24, 400))
    try:
        child.sendline(f"PS1='> '; fpath=({COMPLETIONS} $fpath); autoload -U compinit; compinit -D; echo rea''dy")
        child.expect_exact("ready\r\n")
        child.send(f"rsh ls build:{folder}/wi\t")
        child.expect_exact("/wide")
        child.send(f"\x15rsh exec build -C {folder}/sub2\t")
        child.expect_exact("sub2/")
        child.send("\x15rsh exec -d --id nightly build true\n")
        child.expect_exact("nightly\r\n")
        child.send("rsh logs -f build nigh\t")
        child.expect_exact("nightly")
    finally:
        hang_up(child)
