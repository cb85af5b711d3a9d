"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data and published vectors; without it the test is skipped, except in CI."""
    folder = os.environ.get("HEDGEROW_TEST_DATA")
    if folder is None:
        if os.environ.get("CI"):
            pytest.fail("HEDGEROW_TEST_DATA is not set, and in CI nothing is skipped for want of data")
        pytest.skip("HEDGEROW_TEST_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def own_data() -> Path:
    """The small corpus of our own, always there."""
    return Path(__file__).parent / "data"
