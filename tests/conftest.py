"""Property tests draw the same examples on every machine, so that a run can be had again."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.load_profile("fixed")
