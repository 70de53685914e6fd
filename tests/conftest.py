"""What holds for all tests: the same examples on every machine, and signals that arrive."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings
from rule_projects import Projects

# The checks in it belong to tests: a failure shows the values.
pytest.register_assert_rewrite("conformance")

# A shell that runs the tests in the background has them ignore the interrupt, and all that they start with them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Property tests draw the same examples everywhere, so that a run can be had again.

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.load_profile("fixed")


@pytest.fixture
def project(tmp_path: Path) -> Projects:
    """A folder for one small project after another."""
    return Projects(tmp_path)
