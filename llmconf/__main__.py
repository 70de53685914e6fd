"""The command `llmconf`, and `python -m llmconf`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. `--version` alone is answered before anything else is imported."""
    if sys.argv[1:] == ["--version"]:
        from llmconf.core.version import __version__

        try:
            sys.stdout.write(f"llmconf {__version__}\n")
            sys.stdout.flush()
            return
        except OSError:
            pass  # a full disk or a closed pipe: what follows tries once more, and says why it cannot
    from llmconf.cli import run

    run()


if __name__ == "__main__":
    main()
