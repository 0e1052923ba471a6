"""Who gets in and who does not, and whether they learn why."""

from __future__ import annotations

import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.machines import SOON, Daemon, Home


@pytest.fixture
def stranger(tmp_path: Path) -> Home:
    """Another account, which knows nobody."""
    return Home(tmp_path / "stranger")


def introduce(client: Home, daemon: Daemon) -> None:
    """Do by hand what two machines need: authorize the key, trust the url."""
    line = client.rsh("key").stdout
    assert daemon.home.server_command("authorize", "-", input=line).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    done = client.rsh("trust", url)
    assert done.returncode == 0, done.stderr


def test_same_account_needs_no_step(daemon: Daemon) -> None:
    done = daemon.home.rsh("exec", f"localhost:{daemon.port}", "--", "echo in")
    assert (done.stdout, done.stderr) == (b"in\n", b"")


def test_two_machines_meet_by_hand(daemon: Daemon, stranger: Home) -> None:
    introduce(stranger, daemon)
    assert stranger.rsh("exec", daemon.host, "--", "echo in").stdout == b"in\n"


def test_unknown_server_is_refused_with_its_fingerprint_and_the_way_out(daemon: Daemon, stranger: Home) -> None:
    done = stranger.rsh("exec", daemon.host, "--", "echo in")
    lines = done.stderr.decode().splitlines()
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert done.returncode == 255
    assert len(lines) == 2
    assert url.partition("#")[2] in lines[0]
    assert f"rsh trust '{url}'" in lines[1]
    assert "session begins" not in daemon.log


def test_unknown_key_is_told_what_to_do(daemon: Daemon, stranger: Home) -> None:
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert stranger.rsh("trust", url).returncode == 0
    done = stranger.rsh("exec", daemon.host, "--", "echo in")
    assert done.returncode == 255
    assert b"does not know this key" in done.stderr
    assert b"rsh-server authorize" in done.stderr
    daemon.wait_for_log("not authorised")
    assert daemon.home.rsh("exec", daemon.host, "--", "true").returncode == 0


def test_changed_server_key_is_refused_before_our_key_is_shown(daemon: Daemon, stranger: Home) -> None:
    introduce(stranger, daemon)
    daemon.stop()
    (daemon.home.folder / "config" / "rsh" / "host.pem").unlink()
    with Daemon(daemon.home, bind=(daemon.host,)) as impostor:
        done = stranger.rsh("exec", impostor.host, "--", "echo in")
        assert done.returncode == 255
        assert b"WRONG SERVER KEY" in done.stderr
        assert done.stderr.count(b"SHA256:") >= 2
        impostor.wait_for_log("has another key pinned")
        assert "session begins" not in impostor.log.partition("has another key pinned")[2]


def test_trust_refuses_a_url_whose_fingerprint_does_not_fit(daemon: Daemon, stranger: Home) -> None:
    done = stranger.rsh("trust", f"rsh://{daemon.host}#SHA256:{'A' * 43}")
    assert done.returncode == 255
    assert b"SHA256:" in done.stderr
    assert stranger.rsh("exec", daemon.host, "--", "true").returncode == 255


def test_another_account_than_the_daemons_is_refused_in_one_line(daemon: Daemon) -> None:
    done = daemon.home.rsh("exec", f"nobody-else@{daemon.host}", "--", "true")
    assert done.returncode == 255
    assert done.stderr.count(b"\n") == 1
    assert b"runs as" in done.stderr


def test_removed_key_loses_its_live_session(daemon: Daemon, stranger: Home) -> None:
    introduce(stranger, daemon)
    client = stranger.spawn(
        "exec", daemon.host, "--", "echo on; sleep 100", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"on\n"
    (daemon.home.folder / "config" / "rsh" / "authorized").write_text("")
    daemon.process.send_signal(1)
    assert client.wait(SOON) == 255
    client.stdout.close()
    assert b"does not know this key" in stranger.rsh("exec", daemon.host, "--", "true").stderr


@pytest.mark.slow
def test_two_hundred_unknown_clients_all_see_the_reason(daemon: Daemon, stranger: Home) -> None:
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert stranger.rsh("trust", url).returncode == 0
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: stranger.rsh("exec", daemon.host, "--", "true"), range(200)))
    assert sum(b"does not know this key" in done.stderr for done in results) == 200
    assert all(done.returncode == 255 for done in results)
    assert daemon.home.rsh("exec", daemon.host, "--", "true").returncode == 0


def _talk(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), SOON) as sock:
        sock.sendall(data)
        received = b""
        while piece := sock.recv(4096):
            received += piece
        return received


def test_web_browser_gets_one_line_of_explanation(daemon: Daemon) -> None:
    answer = _talk(daemon.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"rsh" in answer.splitlines()[0]
    daemon.wait_for_log("speaks http, not rsh")


def test_ssh_client_gets_one_line_of_explanation(daemon: Daemon) -> None:
    assert _talk(daemon.port, b"SSH-2.0-OpenSSH_9.2\r\n").count(b"\n") == 1
    daemon.wait_for_log("speaks ssh, not rsh")
    assert daemon.home.rsh("exec", daemon.host, "--", "true").returncode == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_without_certificate_or_with_old_tls_is_refused(daemon: Daemon, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["rsh/1"])
    with (
        socket.create_connection(("127.0.0.1", daemon.port), SOON) as sock,
        pytest.raises(ssl.SSLError) as caught,
        context.wrap_socket(sock) as secured,
    ):
        secured.recv(1)
    expected = "PROTOCOL_VERSION" if version is ssl.TLSVersion.TLSv1_2 else "CERTIFICATE_REQUIRED"
    assert expected in str(caught.value.reason)
    daemon.wait_for_log("TLS 1.3" if version is ssl.TLSVersion.TLSv1_2 else "shows no certificate")
    assert daemon.home.rsh("exec", daemon.host, "--", "true").returncode == 0


def test_key_that_may_run_nothing_still_has_its_files(daemon: Daemon, stranger: Home, tmp_path: Path) -> None:
    line = stranger.rsh("key").stdout
    assert daemon.home.server_command("authorize", "-", input=b"no-shell " + line).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    stranger.rsh("trust", url)
    done = stranger.rsh("exec", daemon.host, "--", "true")
    assert done.returncode == 255
    assert b"may not run commands" in done.stderr
    (tmp_path / "there").mkdir()
    assert stranger.rsh("ls", f"{daemon.host}:{tmp_path}").returncode == 0


def test_read_only_key_changes_nothing(daemon: Daemon, stranger: Home, tmp_path: Path) -> None:
    line = stranger.rsh("key").stdout
    assert daemon.home.server_command("authorize", "-", input=b"read-only " + line).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    stranger.rsh("trust", url)
    (tmp_path / "file").write_text("x")
    place = f"{daemon.host}:{tmp_path}"
    for words in (
        ("rm", f"{place}/file"),
        ("put", __file__, f"{place}/new"),
        ("sync", "--delete", str(Path(__file__).parent), place),
        ("cp", f"{place}/file", f"{place}/new"),
        ("ln", f"{place}/file", f"{place}/new"),
        ("chmod", "777", f"{place}/file"),
        ("chown", ":0", f"{place}/file"),
    ):
        done = stranger.rsh(*words)
        assert done.returncode == 255
        assert b"read-only" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["file"]
    assert stranger.rsh("cat", f"{place}/file").stdout == b"x"
    copy = tmp_path / "copy"
    assert stranger.rsh("sync", f"{place}/account/config", str(copy)).returncode == 0
    assert copy.is_dir()
    assert stranger.rsh("find", "--depth", "0", place).stdout == f"{tmp_path}\n".encode()
