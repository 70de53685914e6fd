"""The protocol of a reporter, which writes diagnostics in one format."""

from __future__ import annotations

from typing import Protocol

from llmconf.report.report import Report


class ReporterModule(Protocol):
    """A module of this package, one per format. Its name is the format's name."""

    def render(self, report: Report, /) -> str:
        """Return the whole report as text that ends in a newline, or an empty text if there is nothing to report."""
        ...
