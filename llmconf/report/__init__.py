"""Shows findings and resources to people and programs: report formats, rows of tables, filters."""

__all__ = ["filters", "formats", "report", "rows", "stored", "text", "xml"]
