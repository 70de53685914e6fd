"""Seals, opens, edits, shares and finds the secrets of a project."""

__all__ = ["audit", "edit", "fields", "keys", "runtime", "seal", "sealing", "sops_export", "sops_import", "vault"]
