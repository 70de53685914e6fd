"""The version, alone in its module so that `--version` and packaging need nothing else."""

__version__ = "0.1.0"
