"""Runs the rules over the environments of a project, places what all stages found, and remembers verdicts."""

__all__ = ["rules", "run", "stale_locks", "verdict_cache"]
