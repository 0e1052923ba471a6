"""The glyph that turns while something is waited for (R18)."""

from __future__ import annotations

import asyncio
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from rsh.client.editor.spinner import FRAMES, Spinner


def test_glyph_turns_as_long_as_there_is_something_to_wait_for() -> None:
    seen: list[str] = []

    async def look() -> None:
        with create_pipe_input() as keys:
            app: Application[Any] = Application(input=keys, output=DummyOutput())
            spinner = Spinner(app, lambda: len(set(seen)) < 4)

            def note(_: Application[Any]) -> None:
                seen.append(spinner.glyph)
                if len(seen) > 1 and not spinner.glyph and not app.is_done:
                    app.exit()

            app.after_render += note
            await app.run_async(pre_run=spinner.start)

    asyncio.run(look())
    assert seen[0] == "" == seen[-1]
    assert list(dict.fromkeys(seen))[1:] == list(FRAMES[1:4])
