"""What can be set at the prompt: by `:set`, and for every prompt by the table [prompt] of config.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from rsh.errors import UsageError

Value: TypeAlias = bool | float | str

_ON: Final = ("on", "yes", "true", "1")
_OFF: Final = ("off", "no", "false", "0")


class Setting(Struct, frozen=True):
    """One thing that can be set.

    Attributes:
        kind: switch (on or off), seconds (off is 0), text, or choice (one of `choices`).
        about: half a sentence on what it does.
    """

    name: str
    kind: Literal["switch", "seconds", "text", "choice"]
    default: Value
    about: str
    choices: tuple[str, ...] = ()

    def read(self, given: object) -> Value:
        """Turn what was typed, or stands in the configuration, into a value.

        Raises:
            UsageError: it is none.
        """
        if self.kind == "switch":
            return self._switch(given)
        if self.kind == "seconds":
            return self._seconds(given)
        text = str(given)
        if self.kind == "choice" and text not in self.choices:
            raise UsageError(f"{self.name}: '{text}' is none of {', '.join(self.choices)}")
        return text

    def _switch(self, given: object) -> bool:
        text = str(given).lower()
        if text not in (*_ON, *_OFF):
            raise UsageError(f"{self.name}: '{given}' is neither on nor off")
        return text in _ON

    def _seconds(self, given: object) -> float:
        try:
            value = 0.0 if str(given).lower() in ("off", "false", "no") else float(str(given))
        except ValueError:
            value = -1.0
        if not 0 <= value < 1e9:
            raise UsageError(f"{self.name}: '{given}' is no number of seconds")
        return value


SETTINGS: Final = (
    Setting("prompt", "text", "%u@%h:%d%l%s%j%$ ", "how the prompt reads: its codes are in rsh(1)"),
    Setting("keys", "choice", "emacs", "whose keys: emacs or vi (F4)", ("emacs", "vi")),
    Setting("complete", "choice", "tab", "when to complete: on tab, or while typing (F2)", ("tab", "typing")),
    Setting("multiline", "switch", False, "Enter begins a line and Alt-Enter runs (F3)"),
    Setting("highlight", "switch", True, "colour the line by its syntax"),
    Setting("suggest", "switch", True, "show the newest line that began so in grey"),
    Setting("toolbar", "choice", "auto", "the line at the bottom; auto: if the link is silent", ("auto", "on", "off")),
    Setting("status", "switch", True, "tell a status that is not 0 behind a command: [exit 2]"),
    Setting("duration", "seconds", 5.0, "tell how long a command took that took longer"),
    Setting("notify", "seconds", 30.0, "ring when a command ends that took longer"),
    Setting("notify_by", "choice", "both", "how to ring", ("bell", "message", "both")),
    Setting("marks", "switch", True, "mark prompt and output for the terminal (OSC 133)"),
    Setting("location", "switch", True, "tell the terminal the directory (OSC 7)"),
    Setting("title", "switch", True, "give the window its title (OSC 2)"),
    Setting("offline", "choice", "queue", "a line while the link is away: refuse or queue it", ("refuse", "queue")),
    Setting("progress", "switch", True, "show how a transfer goes (:progress)"),
    Setting("pager", "switch", True, "show long help and history in a pager"),
    Setting("stop", "switch", True, "end a batch at the first line that fails"),
    Setting("echo", "switch", False, "print each line of a batch before it runs"),
)
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


class Settings:
    """The values in force."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Take the defaults, and over them what the configuration gives.

        Raises:
            UsageError: it gives what does not exist, or no value.
        """
        self._values: dict[str, Value] = {setting.name: setting.default for setting in SETTINGS}
        for name, value in (given or {}).items():
            self.set(name, value)

    def set(self, name: str, value: object) -> None:
        """Set one thing. Raises UsageError."""
        setting = find(name)
        self._values[setting.name] = setting.read(value)

    def on(self, name: str) -> bool:
        """Give a switch."""
        return bool(self._values[name])

    def seconds(self, name: str) -> float:
        """Give a number of seconds; 0 is off."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """Give a text or a choice."""
        return str(self._values[name])

    def shown(self, name: str) -> str:
        """Give a value as it would be typed."""
        value = self._values[name]
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:g}" if isinstance(value, float) else value


def find(name: str) -> Setting:
    """Find a setting by its name or by a beginning that only one has; - and _ are the same.

    Raises:
        UsageError: there is none, or more than one.
    """
    name = name.replace("-", "_")
    near = [setting for setting in SETTINGS if setting.name.startswith(name)]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if len(near) == 1:
        return near[0]
    if near:
        raise UsageError(f"'{name}' may be {', '.join(setting.name for setting in near)}")
    from difflib import get_close_matches

    close = get_close_matches(name, _BY_NAME, 1)
    raise UsageError(f"no setting '{name}'", advice=f"did you mean '{close[0]}'?" if close else "all settings: :set")
