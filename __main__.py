"""Start the app, or run a command: `normscape`, `normscape COMMAND`, or `python -m normscape`, from any folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

APP = Path(__file__).parent / "app.py"


def main() -> None:
    """Open the app, with arguments such as `--server.port 8600`, or run the command that the first argument names."""
    arguments = sys.argv[1:]
    name = arguments[0] if arguments else "serve"
    if name == "serve" or (name.startswith("--") and name != "--help"):
        serve([one for one in arguments if one != "serve"])
    from normscape.cli.main import main as command

    sys.exit(command(arguments))


def serve(arguments: Sequence[str]) -> None:
    """Open the app; arguments go to `streamlit run`."""
    from streamlit.web import cli

    sys.argv = ["streamlit", "run", str(APP), "--server.fileWatcherType", "none", *arguments]
    sys.exit(cli.main(prog_name="streamlit"))


if __name__ == "__main__":
    main()
