"""Finds secrets in plain text in any file, and masks them: `find` for reports, `mask` for texts that are shown."""

__all__ = ["find", "mask"]
