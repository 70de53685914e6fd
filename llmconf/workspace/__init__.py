"""The working tree: what git knows, trees to read from, and writes that are never half done.

Others read through `tree`, change files through `transaction`, and call git through `git` alone.
"""

__all__ = ["atomic", "git", "objects", "repository", "transaction", "tree", "user_folders"]
