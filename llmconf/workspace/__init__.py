"""The working tree: facts from git, trees of files to read, and writes that are complete or not done at all.

Other packages read through `tree`, change files through `transaction`, and call git only through `git`.
"""

__all__ = ["atomic", "git", "objects", "repository", "transaction", "tree", "user_folders"]
