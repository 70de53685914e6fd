"""Puts another token into each file of a folder with a ruamel round trip, and writes the files back.

A script that merely edits: it opens and seals nothing, checks nothing, and writes in place.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from ruamel.yaml import YAML


def main() -> None:
    """Edit each file below the folder that is given."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 10_000
    for file in sorted(Path(sys.argv[1]).rglob("*.yaml")):
        documents = list(yaml.load_all(file.read_text(encoding="utf-8")))
        for document in documents:
            for credential in document.get("credentials", ()):
                head, mark, data = credential["api_key"].rpartition(";d=")
                fresh = secrets.token_urlsafe(len(data))[: len(data) - 1]
                credential["api_key"] = f"{head}{mark}{fresh})"
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump_all(documents, stream)


if __name__ == "__main__":
    main()
