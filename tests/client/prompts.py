"""A prompt without its screen, for tests: a context whose other side is the server inside this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rsh.client.api.remote import connect
from rsh.client.cli.context import Context
from rsh.client.prompt.prompt_context import PromptContext


@contextmanager
def prompt(*, terminal: bool = False) -> Iterator[PromptContext]:
    """Give the context of a prompt on this machine; remote lines have no terminal and no input."""
    with Context("cli", connect) as outer, PromptContext(outer, terminal=terminal) as context:
        yield context
