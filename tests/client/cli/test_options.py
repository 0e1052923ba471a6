from __future__ import annotations

import pytest

from rsh.client.cli.options import Options, UnknownOption, parse, split_leading
from rsh.client.cli.table import Where, find
from rsh.errors import UsageError


def parsed(line: str, where: Where = "cli") -> Options:
    name, *words = line.split()
    command = find(name, where)
    assert command is not None
    return parse(command, words, where)


def refused(line: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parsed(line)
    return caught.value


def test_options_are_found_anywhere_and_in_clusters() -> None:
    options = parsed("ls -la host:a -S --reverse")
    assert (options.long, options.all, options.by_size, options.reverse, options.by_time) == (True,) * 4 + (False,)
    assert options.paths == ["host:a"]


def test_h_means_human_readable_and_not_help() -> None:
    options = parsed("ls -lh host")
    assert options.human
    assert not options.help


def test_a_value_is_taken_attached_apart_or_after_equals() -> None:
    for line in ("exec h -C/tmp x", "exec h -C /tmp x", "exec h --directory=/tmp x", "exec h --dir /tmp x"):
        assert parsed(line).directory == "/tmp"


def test_options_of_the_remote_command_stay_its_own() -> None:
    options = parsed("exec -t host ls -l --color")
    assert options.terminal
    assert options.command == ["ls", "-l", "--color"]


def test_options_of_exec_are_taken_after_the_host() -> None:
    options = parsed("exec host -C dir -E A=1 -E B= -n -- -strange --")
    assert (options.directory, options.environment, options.no_input) == ("dir", ["A=1", "B="], True)
    assert options.command == ["-strange", "--"]


def test_after_two_dashes_all_is_an_operand() -> None:
    assert parsed("rm -- -r", "prompt").paths == ["-r"]


def test_a_single_dash_is_an_operand() -> None:
    assert parsed("put - host:a").paths == ["-", "host:a"]


def test_an_unknown_option_is_told_apart_from_other_mistakes() -> None:
    assert isinstance(refused("ls -z host"), UnknownOption)
    assert str(refused("ls -z host")) == "invalid option -- 'z'"
    assert str(refused("ls --zebra host")) == "unrecognized option '--zebra'"
    assert refused("ls -z host").advice == "try 'rsh ls --help'"


def test_an_ambiguous_prefix_is_refused() -> None:
    assert "ambiguous" in str(refused("ls --r host"))


def test_a_missing_value_is_named() -> None:
    assert str(refused("exec h -C")) == "option '-C' requires an argument"


def test_missing_and_extra_operands_are_named() -> None:
    assert str(refused("exec")) == "missing HOST"
    assert str(refused("exec host")) == "missing COMMAND"
    assert str(refused("ping host more")) == "extra operand 'more'"


def test_a_switch_takes_no_value() -> None:
    assert str(refused("ls --json=1 h")) == "option '--json' doesn't allow an argument"


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("0.5", 0.5), ("2m", 120.0), ("1h", 3600.0)])
def test_times_carry_units_as_timeout_takes_them(text: str, seconds: float) -> None:
    assert parsed(f"exec h --timeout {text} x").timeout == seconds


@pytest.mark.parametrize("text", ["x", "-1", "nan", "inf", "", "m"])
def test_a_senseless_time_is_refused(text: str) -> None:
    assert "no time" in str(refused(f"exec h --timeout={text} x"))


def test_a_choice_must_be_one_of_the_choices() -> None:
    assert parsed("sum -a sha256 h:a").algorithm == "sha256"
    assert "none of" in str(refused("sum -a md5 h:a"))


def test_an_assignment_needs_a_name() -> None:
    assert "NAME=VALUE" in str(refused("exec h -E =x y"))


def test_help_asks_for_nothing_else() -> None:
    assert parsed("exec --help").help


def test_leading_global_options_are_split_with_their_values() -> None:
    assert split_leading(["--color", "never", "-q", "ls", "-l"]) == (["--color", "never", "-q"], ["ls", "-l"])
