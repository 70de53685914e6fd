"""Turns a resolved environment into its bundle, and into the files of the programs that read it."""

__all__ = ["bundle", "targets"]
