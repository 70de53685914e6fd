"""The command `llmconf`, and `python -m llmconf`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. `--version` alone is answered before anything else is imported."""
    if sys.argv[1:] == ["--version"]:
        from llmconf.version import __version__

        sys.stdout.write(f"llmconf {__version__}\n")
        return
    from llmconf.cli import run

    run()


if __name__ == "__main__":
    main()
