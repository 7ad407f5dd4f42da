"""The web server process: granian serving the WSGI application."""

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server


def serve(*, host: str, port: int, workers: int) -> None:
    """Serve until stopped; one thread of Django a process at a time keeps SQLite and the pool from queueing."""
    Server(
        "seatwright.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()
