"""The imports of the command line: `seatwright import-skus FILE` and `seatwright import-prices FILE`."""

import datetime as dt
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(add_completion=False, help=__doc__)
FAULTS_SHOWN = 50
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV file, or a zip of one.")]


@app.command("import-skus")
def import_skus(file: File) -> None:
    """Load the vendor's table of SKUs and service plans ("Product names and service plan identifiers")."""
    _set_up()
    from seatwright.access import actors
    from seatwright.operations import clock
    from seatwright.workflows import import_catalogue

    try:
        with file.open("rb") as content:
            report = import_catalogue.skus(
                by=actors.operator(label="command line"), file=content, file_name=file.name, at=clock.now()
            )
    except import_catalogue.FileRefused as refused:
        _refuse(refused.faults)
    _say(report.notes)
    done = report.done
    if done.rows_written == 0:
        typer.echo(f"Nothing new among {done.skus_in_file:,} SKUs; 0 rows written.")
        return
    typer.echo(
        f"{done.skus_in_file:,} SKUs read: {done.skus_new:,} new, {done.skus_changed:,} changed, "
        f"{done.aliases_new:,} old names kept; {done.plans_new:,} new service plans; "
        f"contents: {done.links_new:,} added, {done.links_gone:,} removed. {done.rows_written:,} rows written."
    )


@app.command("import-prices")
def import_prices(
    file: File,
    reseller: Annotated[
        uuid.UUID | None, typer.Option(help="Id of the reseller whose prices these are; without it everybody's.")
    ] = None,
    valid_from: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day from which the new prices count.")
    ] = None,
) -> None:
    """Load a licence price sheet of the vendor (`updatedlicensebased`)."""
    _set_up()
    from seatwright.access import actors
    from seatwright.catalogue import changes
    from seatwright.operations import clock
    from seatwright.workflows import import_catalogue

    try:
        with file.open("rb") as content:
            report = import_catalogue.prices(
                by=actors.operator(label="command line"),
                file=content,
                file_name=file.name,
                reseller_id=reseller,
                valid_from_on=valid_from.date() if valid_from else None,
                at=clock.now(),
            )
    except import_catalogue.FileRefused as refused:
        _refuse(refused.faults)
    except changes.ImportClash:
        _refuse(["Another import of the same prices ran at this moment; import again."])
    _say(report.notes)
    for made in report.done.versions:
        typer.echo(
            f"{'/'.join(made.key)}: version {made.version}, from {made.valid_from_on} on, {made.lines:,} lines "
            f"({made.offers_new:,} offers new, {made.offers_gone:,} gone, {made.offers_repriced:,} repriced)."
        )
    if report.done.lists_unchanged:
        typer.echo(f"{report.done.lists_unchanged:,} price lists say nothing new.")
    typer.echo(f"{report.done.lines_in_file:,} lines read, {report.done.rows_written:,} rows written.")


def _set_up() -> None:
    import django

    django.setup()


def _say(notes: Sequence[str]) -> None:
    for note in notes:
        typer.echo(f"Note: {note}", err=True)


def _refuse(faults: Sequence[str]) -> NoReturn:
    for fault in faults[:FAULTS_SHOWN]:
        typer.echo(fault, err=True)
    if len(faults) > FAULTS_SHOWN:
        typer.echo(f"... and {len(faults) - FAULTS_SHOWN:,} more.", err=True)
    typer.echo("Nothing was imported.", err=True)
    raise typer.Exit(1)
