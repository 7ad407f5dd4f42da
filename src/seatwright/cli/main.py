"""The command line of an installation: `seatwright migrate`, `serve`, `worker`, imports and, for trying out, `demo`."""

import datetime as dt
import os
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from seatwright.cli import imports, tokens

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatwright.config.settings")
log = structlog.get_logger(__name__)
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(imports.app)
app.add_typer(tokens.app, name="token")


def _set_up() -> None:
    import django

    django.setup()


@app.command()
def migrate() -> None:
    """Bring the database to this version's form."""
    _set_up()
    from django.conf import settings
    from django.core.management import call_command

    settings.ENVIRONMENT.data_dir.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    typer.echo("The database is up to date.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
) -> None:
    """Serve the portal and the API."""
    _set_up()
    from seatwright.cli import web_server

    web_server.serve(host=host, port=port, workers=workers)


@app.command()
def worker(
    accept_clock: Annotated[bool, typer.Option(help="Accept that the system's clock was set back.")] = False,
) -> None:
    """Carry out operations until stopped."""
    _set_up()
    from django.conf import settings

    from seatwright.cli import worker as worker_process

    environment = settings.ENVIRONMENT
    code = worker_process.run_worker(
        data_dir=environment.data_dir,
        poll_s=environment.worker_poll_s,
        takeover_s=environment.worker_takeover_s,
        accept_clock=accept_clock,
        chores=_chores(environment.sync_every_s),
    )
    raise typer.Exit(code)


@app.command()
def advance(to: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="UTC.")]) -> None:
    """Send the test clock of a demo forwards; the worker moves it there, the vendor simulator with it."""
    _set_up()
    from seatwright.access import actors
    from seatwright.operations import clock
    from seatwright.workflows import travel_in_time

    try:
        travel_in_time.advance(by=actors.operator(label="command line"), to=to.replace(tzinfo=dt.UTC), at=clock.now())
    except clock.ClockRefused as refused:
        typer.echo(f"Not possible: {refused}.", err=True)
        raise typer.Exit(1) from refused
    typer.echo(f"It is now {clock.now():%Y-%m-%d %H:%M} UTC; the worker moves the clock to {to:%Y-%m-%d %H:%M}.")


def _chores(sync_every_s: int) -> Callable[[], bool]:
    """What the worker does about once a minute besides operations: queue what is due, post cycle charges.

    Tells whether it is to be done again at once, as on a journey of the test clock. One that fails is logged and keeps
    none of the others waiting.
    """
    from django.db import Error

    from seatwright.operations import clock
    from seatwright.workflows import charge_cycles, close_sheet, sync_tenant, travel_in_time, watch_renewals

    def run() -> bool:
        at = clock.now()
        # On a journey the clock is moved too fast for that: it has what changes on the way read.
        if sync_every_s > 0 and clock.destination() is None:
            sync_tenant.request_stale(older_than=dt.timedelta(seconds=sync_every_s), at=at)
        for chore in (
            charge_cycles.post_due,
            watch_renewals.close_answered,
            watch_renewals.request_due,
            close_sheet.remind_and_close,
        ):
            try:
                chore(at=at)
            except Error:
                raise
            except Exception as error:
                log.error("a chore failed", chore=f"{chore.__module__}.{chore.__name__}", exc_info=error)
        return travel_in_time.go_on(at=at)

    return run


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65533, help="Port of the portal; the simulator takes the next.")
    ] = 8000,
    keep: Annotated[bool, typer.Option(help="Go on with the data of the last demo.")] = False,
) -> None:
    """Start portal, worker and vendor simulator with demo data, until Ctrl-C."""
    from seatwright.cli import demo as demo_installation

    raise typer.Exit(demo_installation.run(port=port, keep=keep))


@app.command("audit-verify")
def audit_verify() -> None:
    """Check every audit chain; ends with 1 when one does not verify."""
    _set_up()
    from seatwright.access import audit

    found = list(audit.breaks())
    for each in found:
        typer.echo(f"{each.chain_key}: event {each.sequence} {each.what}", err=True)
    typer.echo("All audit chains verify." if not found else f"{len(found)} places do not verify.")
    raise typer.Exit(1 if found else 0)


@app.command()
def sync() -> None:
    """Queue a reading of every tenant, as the schedule does."""
    _set_up()
    from seatwright.operations import clock
    from seatwright.workflows import sync_tenant

    typer.echo(f"{sync_tenant.request_all(at=clock.now())} readings queued.")


if __name__ == "__main__":
    app()
