"""The user's side: dialling, the API, the command line, the prompt. Never imports the server."""

import sys

# msgspec asks typing_extensions, where that is installed, for what typing itself has had since 3.11. That import costs
# 15 ms, a fifth of a whole `rsh exec`; made to fail this once, msgspec takes what typing has.
if "typing_extensions" not in sys.modules and "msgspec" not in sys.modules:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # None is what makes an import fail
    try:
        import msgspec as msgspec
    finally:
        del sys.modules["typing_extensions"]
