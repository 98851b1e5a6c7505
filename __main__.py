"""Start the app: `normscape` or `python -m normscape`, from any folder; arguments go to `streamlit run`."""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).parent / "app.py"


def main() -> None:
    """Run the app with the command line's own arguments, such as `--server.port 8600`."""
    sys.argv = ["streamlit", "run", str(APP), "--server.fileWatcherType", "none", *sys.argv[1:]]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
