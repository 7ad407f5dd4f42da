"""What every test shares: the test profile, and how the rows that a test has committed are gone again."""

import os
import pathlib
import tempfile

import pytest

os.environ.setdefault("SEATWRIGHT_PROFILE", "test")
os.environ.setdefault("SEATWRIGHT_LOG_LEVEL", "WARNING")
os.environ.setdefault("SEATWRIGHT_DATA_DIR", tempfile.mkdtemp(prefix="seatwright-tests-"))
os.environ.setdefault("SEATWRIGHT_SECRET_KEY", "tests-only-" + "k" * 50)


@pytest.fixture(scope="session")
def contracts() -> pathlib.Path:
    """The folder of recorded and published vendor data; skips, naming it, where it is not there."""
    folder = pathlib.Path(
        os.environ.get("SEATWRIGHT_CONTRACTS", pathlib.Path(__file__).parents[2] / "shared" / "contracts")
    )
    if not folder.is_dir():
        pytest.skip("contract data is not there: set SEATWRIGHT_CONTRACTS to its folder")
    return folder


@pytest.fixture(autouse=True)
def _committed_rows_are_emptied(request: pytest.FixtureRequest) -> None:
    """After a transactional test only tables that have rows are emptied, append-only ones too."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" not in request.fixturenames and not (marker and marker.kwargs.get("transaction")):
        return
    from django.test import TransactionTestCase

    from tests import emptying

    # The test case empties after this fixture ends, so the replacement stays for the life of the process.
    TransactionTestCase._fixture_teardown = emptying.empty
