"""Both sides to measure: our daemon, and an sshd with throwaway keys, on free loopback ports."""

from __future__ import annotations

import contextlib
import copy
import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """Give a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def slow_link(to: str, **how: float) -> Iterator[str]:
    """Give the address of a proxy of its own process before `to`: delay, rate and queue as in tests/proxy.py."""
    words = [word for name, value in how.items() for word in (f"--{name}", f"{value:g}")]
    command = [sys.executable, "-m", "tests.proxy", "--to", to, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().decode().split()[-1]
        process.stdin.close()


class Rsh:
    """Our daemon and its client."""

    def __init__(self, folder: Path) -> None:
        for name in ("config", "state", "run", "home"):
            (folder / name).mkdir(parents=True, mode=0o700)
        # What the rc files of whoever measures do at each prompt is not ours: one that forks costs milliseconds a line.
        (folder / "home" / ".bashrc").touch()
        # A program that is in use has its bytecode cached, whatever this shell's own taste is.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = kept | {
            "HOME": str(folder / "home"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        scripts = Path(sys.executable).parent
        self.client = str(scripts / "rsh")
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [str(scripts / "rsh-server"), "--bind", "127.0.0.1:0", "--log-level", "warning"],
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=self.environment,
        )
        assert self.process.stdout is not None
        self.host = self.process.stdout.readline().decode().split()[-1]
        self.process.stdout.readline()

    def command(self, *words: str) -> list[str]:
        """Give a command line of the client."""
        return [self.client, *words]

    def stop(self) -> None:
        """End the daemon."""
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Ssh:
    """An sshd of its own, and the clients that go to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        shutil.copy(folder / "user.pub", folder / "authorized_keys")
        self.port = free_port()
        Path("/run/sshd").mkdir(exist_ok=True)
        options = {
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized_keys",
            "StrictModes": "no",
            "UsePAM": "no",
            "PidFile": "none",
            "MaxStartups": "100",
            "Subsystem": "sftp internal-sftp",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        self.process = subprocess.Popen(
            [
                "/usr/sbin/sshd",
                "-D",
                "-e",
                "-f",
                "/dev/null",
                "-p",
                str(self.port),
                "-o",
                "ListenAddress=127.0.0.1",
                *words,
            ],
            stderr=subprocess.DEVNULL,
        )
        self.options = [
            *("-i", str(folder / "user"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
            *("-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-F", "/dev/null"),
        ]
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("sshd does not answer")

    def ssh(self, *words: str, options: tuple[str, ...] = ()) -> list[str]:
        """Give a command line of ssh."""
        return ["ssh", *self.options, *options, "-p", str(self.port), "127.0.0.1", *words]

    def scp(self, *words: str, options: tuple[str, ...] = ()) -> list[str]:
        """Give a command line of scp."""
        return ["scp", "-q", *self.options, *options, "-P", str(self.port), *words]

    def rsync(self, *words: str) -> list[str]:
        """Give a command line of rsync over ssh."""
        return ["rsync", "-a", "-e", " ".join(["ssh", *self.options, "-p", str(self.port)]), *words]

    def tar(self, source: Path, target: Path, *, put: bool) -> list[str]:
        """Give a command line that packs a folder with tar, through ssh, and unpacks it."""
        pack, unpack = f"tar cf - -C {source} .", f"tar xf - -C {target}"
        remote = shlex.join(self.ssh(unpack if put else pack))
        return ["sh", "-c", f"{pack} | {remote}" if put else f"{remote} | {unpack}"]

    def sftp(self, line: str) -> list[str]:
        """Give a command line of sftp that does one thing."""
        words = ["sftp", "-q", *self.options, "-b", "-", "-P", str(self.port), "127.0.0.1"]
        return ["sh", "-c", f"echo {shlex.quote(line)} | {shlex.join(words)}"]

    def lftp(self, line: str) -> list[str]:
        """Give a command line of lftp over sftp that does one thing, with four connections where it can."""
        program = " ".join(["ssh", "-a", "-x", *self.options])
        begin = f"set sftp:connect-program '{program}'; set mirror:parallel-transfer-count 4"
        return ["lftp", "-c", f"{begin}; open sftp://{getpass.getuser()}:@127.0.0.1:{self.port}; {line}"]

    def library(self, name: str, verb: str, source: Path, target: Path) -> list[str]:
        """Give a command line that copies a file by a Python library (bench/library.py)."""
        return [
            sys.executable,
            "-m",
            "bench.library",
            name,
            verb,
            str(self.port),
            self.options[1],
            *map(str, (source, target)),
        ]

    def behind(self, address: str) -> Ssh:
        """Give the same sshd, reached by another address of this machine."""
        other = copy.copy(self)
        other.port = int(address.rpartition(":")[2])
        return other

    def stop(self) -> None:
        """End the daemon."""
        self.process.terminate()
        self.process.wait(30)


def find_ssh(folder: Path) -> Ssh | None:
    """Start an sshd if this machine has one."""
    if not (os.access("/usr/sbin/sshd", os.X_OK) and shutil.which("ssh") and os.geteuid() == 0):
        return None
    return Ssh(folder)
