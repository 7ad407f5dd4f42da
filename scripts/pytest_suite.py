"""What `./dev test` adds to pytest: what touches the database, the longest tests first, and none skipped unseen."""

import pytest

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}
# The vendor's recorded bodies are not ours to pass on, so a checkout without them is whole.
ALLOWED_REASON = "contract data"
# The marks of tests that take minutes, longest first; whoever begins one last lets the other workers wait for it.
LONG = ("kill", "once", "simulation")
SKIPPED: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--only-database`."""
    parser.addoption("--only-database", action="store_true", help="only tests that touch the database, no browser")


def touches_database(item: pytest.Item) -> bool:
    """Whether the outcome of `item` may depend on which database is used."""
    # Tests that kill workers start a database of each kind themselves.
    if item.get_closest_marker("browser") or item.get_closest_marker("kill") or item.get_closest_marker("once"):
        return False
    if item.get_closest_marker("django_db"):
        return True
    return bool(DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


def length_rank(item: pytest.Item) -> int:
    """The place of `item` among its likes, 0 for the longest; tests of one rank keep the order that they have."""
    return next((rank for rank, name in enumerate(LONG) if item.get_closest_marker(name)), len(LONG))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; leave out what does not touch the database, where that was asked for."""
    items.sort(key=length_rank)
    if config.getoption("--only-database"):
        left_out = [item for item in items if not touches_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if touches_database(item)]


def unexplained(reports: list[pytest.TestReport]) -> list[str]:
    """The tests that were skipped for a reason of their own, one line each."""
    lines = []
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if ALLOWED_REASON not in reason:
            lines.append(f"{report.nodeid}: {reason}")
    return lines


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that passed but skipped a test: what a machine lacks is installed or said, never passed over."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or exitstatus != pytest.ExitCode.OK:
        return
    if lines := unexplained(reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.stash[SKIPPED] = lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which skipped tests failed the run."""
    for line in config.stash.get(SKIPPED, []):
        terminalreporter.write_line(f"A skipped test fails the suite: {line}", red=True)
