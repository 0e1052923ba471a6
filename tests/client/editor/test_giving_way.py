"""A prompt that is made to give way, with a pipe for a keyboard."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.shortcuts import PromptSession

from rsh.client.editor.giving_way import GivingWay
from rsh.client.shell.shell import Called


@pytest.fixture
def session() -> Iterator[PromptSession[str]]:
    with create_pipe_input() as keyboard:
        yield PromptSession(input=keyboard, output=DummyOutput())


def test_prompt_that_waits_gives_way(session: PromptSession[str]) -> None:
    with pytest.raises(Called):
        session.prompt(pre_run=GivingWay(session.app).call_away)


def test_call_that_came_before_the_prompt_counts_once(session: PromptSession[str]) -> None:
    way = GivingWay(session.app)
    way.call_away()
    with pytest.raises(Called):
        session.prompt(pre_run=way.give_way)
    way.give_way()
    assert session.prompt(pre_run=lambda: session.app.exit(result="on")) == "on"


def test_program_is_ended_where_the_prompt_waits(session: PromptSession[str]) -> None:
    way = GivingWay(session.app)
    with pytest.raises(SystemExit, match="3"):
        session.prompt(pre_run=functools.partial(_end, way))


def _end(way: GivingWay) -> None:
    assert way.end(3)


def test_nobody_is_ended_where_no_prompt_waits(session: PromptSession[str]) -> None:
    assert not GivingWay(session.app).end(3)
