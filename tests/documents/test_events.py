"""The events of copies: rsh(1) names each of them and all that they tell."""

from __future__ import annotations

from rsh.client.transfer.events import EVENTS
from tests.documents.mdoc import rows, section, sections


def test_every_event_and_field_is_explained() -> None:
    described = sections(section("rsh.1", "EVENTS"), ".It Sy ")
    del described[""]
    assert {event: tuple(row[0] for row in rows(lines)) for event, lines in described.items()} == EVENTS
