"""The command `vendor-simulator serve`: one process, one event loop, one file of books."""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
from collections.abc import Sequence

from granian.constants import Interfaces, SSLProtocols
from granian.server.embed import Server

from vendor_simulator import app, books, seeds

_READY_WITHIN_S = 20.0
# A call that hangs on purpose must not keep the process.
_GRACE_S = 2.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and leaves the process with status 0 on SIGTERM or Ctrl-C."""
    given = _parser().parse_args(arguments)
    made = app.create_app(given.books, app.AppSettings(admin_token=given.admin_token))
    connection = made.state.books
    is_new = not seeds.is_filled(connection)
    if given.now and is_new:
        books.freeze_clock(connection, books.instant(given.now))
    if given.seed_file and is_new:
        seeds.load(connection, json.loads(pathlib.Path(given.seed_file).read_text(encoding="utf-8-sig")))
    port = given.port or _free_port(given.host)
    server = Server(
        made,
        address=given.host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
        ssl_cert=None if given.tls_cert is None else pathlib.Path(given.tls_cert),
        ssl_key=None if given.tls_key is None else pathlib.Path(given.tls_key),
        ssl_protocol_min=SSLProtocols.tls12,
    )
    scheme = "http" if given.tls_cert is None else "https"
    place = f"{scheme}://{given.host}:{port}"
    asyncio.run(_serve(server, place=place, address=(given.host, port), ends_with_input=given.until_stdin_closes))
    connection.close()
    # A thread of the server that still has a call in hand aborts when the interpreter is taken down under it.
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vendor-simulator", description="Partner Center and Graph with own books")
    commands = parser.add_subparsers(required=True, dest="command")
    serve = commands.add_parser("serve", help="answer calls until SIGTERM or Ctrl-C")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8300, help="0 takes any free port")
    serve.add_argument("--books", required=True, metavar="FILE", help="SQLite file, made if absent")
    serve.add_argument("--seed-file", metavar="JSON", help="what new books begin with; books in use are left alone")
    serve.add_argument("--now", metavar="ISO", help="where the clock of new books stands still")
    serve.add_argument("--tls-cert", metavar="PEM")
    serve.add_argument("--tls-key", metavar="PEM")
    serve.add_argument("--until-stdin-closes", action="store_true", help="end as soon as nobody holds the input open")
    serve.add_argument("--admin-token", default=app.AppSettings.admin_token)
    return parser


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def _serve(server: Server, *, place: str, address: tuple[str, int], ends_with_input: bool) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if ends_with_input:
        loop.add_reader(sys.stdin.fileno(), stopping.set)
    serving = asyncio.create_task(server.serve())
    await _until_accepting(serving, address)
    sys.stdout.write(f"ready on {place}\n")
    sys.stdout.flush()
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    server.stop()  # type: ignore[no-untyped-call]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, _GRACE_S)


async def _until_accepting(serving: asyncio.Task[None], address: tuple[str, int]) -> None:
    async with asyncio.timeout(_READY_WITHIN_S):
        while not serving.done():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(*address)
                writer.close()
                return
            await asyncio.sleep(0.02)
    await serving


if __name__ == "__main__":
    main()
