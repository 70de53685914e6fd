"""Loads every YAML file below a folder with PyYAML's C loader and keeps nothing: the least work there is.

python benchmarks/peers/csafeloader.py FOLDER
"""

from __future__ import annotations

import os
import sys

import yaml


def load(folder: str) -> int:
    """Load all files and return how many documents they hold."""
    count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".yaml"):
                with open(f"{parent}/{name}", "rb") as file:  # noqa: PTH123 - Path.open is slower
                    for _ in yaml.load_all(file.read(), Loader=yaml.CSafeLoader):
                        count += 1
    return count


if __name__ == "__main__":
    sys.stdout.write(f"{load(sys.argv[1])} documents\n")
