"""What the tests of secrets are given."""

from pathlib import Path

import pytest
from secret_support import Lab, make_lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A project with sealed secrets in two vaults."""
    return make_lab(tmp_path)
