"""What the tests of frozen models share."""

import pytest

from unit.performance.frozen.studies import World


@pytest.fixture(scope="package")
def world(tmp_path_factory):
    """A study, its people, and its models as files."""
    return World(tmp_path_factory.mktemp("models"))
