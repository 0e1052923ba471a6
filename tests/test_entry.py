from __future__ import annotations

import subprocess
import sys


def test_nothing_is_loaded_before_a_ctrl_c_ends_us_silently() -> None:
    code = "import sys; known = set(sys.modules); import rsh.entry; print(*sorted(set(sys.modules) - known))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__future__", "rsh", "rsh.entry"]
