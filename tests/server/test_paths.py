from __future__ import annotations

import pytest

from rsh.errors import Code, Refused
from rsh.protocol import requests
from rsh.server.paths import check_paths


@pytest.mark.parametrize(
    "request_",
    [
        requests.Exec((b"true",), True, b"\0"),
        requests.List((b"fine", b"a\0b")),
        requests.Get((b"a",), b"\0"),
        requests.Put(b"\0"),
        requests.Write(b"\0"),
        requests.Move((b"\0",), b"x"),
        requests.Move((b"x",), b"\0"),
        requests.Complete("path", b"\0/x"),
    ],
)
def test_request_is_refused_when_a_path_holds_a_nul(request_: requests.Request) -> None:
    with pytest.raises(Refused, match="EINVAL") as refusal:
        check_paths(request_)
    assert refusal.value.code == Code.FILE


@pytest.mark.parametrize(
    "request_", [requests.About(), requests.List((b"\xff\n",), b"~"), requests.Exec((b"\0",), False)]
)
def test_request_passes_when_its_paths_are_those_of_files(request_: requests.Request) -> None:
    check_paths(request_)
