"""Programs of this machine that the prompt runs, on its own terminal."""

from __future__ import annotations

from tests.scenarios.screens import SIGN, Terminal, run

CTRL_C = "\x03"


def test_ctrl_c_is_for_the_pager_as_long_as_it_is_there(prompt: Terminal) -> None:
    prompt.resize(80, 10)
    prompt.press("help put\r")
    prompt.until_line(":")
    prompt.press(CTRL_C)

    def is_at_end() -> bool:
        prompt.press("G")  # once more, as less forgets a key that comes together with Ctrl-C
        return "(END)" in prompt.text

    prompt.until(is_at_end)
    prompt.press("q")
    prompt.until_line(f"/w{SIGN}")
    assert run(prompt, "echo $((6 * 7))") == ["42"]


def test_key_that_ends_a_program_here_does_not_end_the_prompt(prompt: Terminal) -> None:
    for key in (CTRL_C, "\x1c"):
        prompt.press("!echo on-$((6 * 7))-; exec sleep 300\r")
        prompt.until_shown("\non-42-")
        prompt.press(key)
        prompt.until_line(f"{SIGN}")
        assert run(prompt, "echo on", SIGN) == ["on"]
        prompt.press("clear\r")
        prompt.until(lambda: "on-42-" not in prompt.text)
