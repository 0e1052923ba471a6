"""Errors that are kept: what they keep alive with them."""

from __future__ import annotations

from rsh.errors import LinkError, forget_frames


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_forgotten_frames_are_those_of_all_causes_even_when_these_form_a_ring() -> None:
    first, second = raised(LinkError("first")), raised(ValueError("second"))
    first.__cause__, second.__cause__ = second, first
    forget_frames(first)
    assert (first.__traceback__, second.__traceback__) == (None, None)
