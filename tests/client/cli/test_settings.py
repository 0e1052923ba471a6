"""What can be set at the prompt."""

from __future__ import annotations

import pytest

from rsh.client.cli.settings import SETTINGS, Settings, find
from rsh.errors import UsageError


def test_defaults_are_values_that_can_be_set_again() -> None:
    settings = Settings()
    for setting in SETTINGS:
        settings.set(setting.name, settings.shown(setting.name))
        assert settings.shown(setting.name) == Settings().shown(setting.name)


def test_values_of_the_configuration_go_over_the_defaults() -> None:
    settings = Settings({"highlight": False, "duration": 2, "keys": "vi", "prompt": "%h> "})
    assert not settings.on("highlight")
    assert settings.seconds("duration") == 2
    assert (settings.text("keys"), settings.text("prompt")) == ("vi", "%h> ")


@pytest.mark.parametrize(("name", "value"), [("keys", "nano"), ("marks", "maybe"), ("duration", "-1"), ("nope", "on")])
def test_what_is_no_setting_or_no_value_is_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError):
        Settings().set(name, value)


def test_names_may_be_cut_short_and_mistyped_ones_are_guessed() -> None:
    assert find("hi").name == "highlight"
    assert find("notify-by").name == "notify_by"
    with pytest.raises(UsageError, match="may be"):
        find("s")
    with pytest.raises(UsageError) as error:
        find("promt")
    assert "'prompt'" in error.value.advice
