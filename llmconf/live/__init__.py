"""Everything that uses the network: probe, verify and sync, and the HTTP client that all of them share."""

__all__ = ["authorize", "http", "lock_update", "probe", "sync", "verify"]
