"""The vault: seals and opens single values, and keeps the keys that do it.

Three interfaces, each in a module of its own: the cipher of one value (`token`), the wrapping of a key
(`age`), and the files below `keys/` (`store`).
"""

__all__ = ["age", "files", "references"]
