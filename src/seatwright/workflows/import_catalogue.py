"""Loads the vendor's published files: the table of SKUs and service plans, and the licence price sheet.

A file is read whole before anything is written. With one bad row nothing is imported; the same file again writes
nothing.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from django.db import transaction

from seatwright.access import audit, permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import price_rows, price_sheet, sku_table, tabular

VENDOR_KEY = "microsoft"


class FileRefused(Exception):
    """Nothing was imported: the file has faults, each told by line and column with what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


@dataclass(frozen=True, kw_only=True)
class SkusReport:
    """What the import did, and what the person should know about the file."""

    done: catalogue.SkusImported
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PricesReport:
    """What the import did, and what the person should know about the file."""

    done: catalogue.PricesImported
    notes: tuple[str, ...]


def skus(*, by: Actor, file: BinaryIO, file_name: str, at: dt.datetime) -> SkusReport:
    """Import "Product names and service plan identifiers" for the whole installation.

    Raises FileRefused, and permissions.Unknown for anybody but the operator, since the table serves every reseller.
    """
    permissions.require(by=by, action="catalogue.import")
    table = _opened(file=file, columns=sku_table.COLUMNS)
    parsed = _parsed(sku_table.parse, table=table)
    with transaction.atomic():
        done = catalogue.import_skus(vendor_key=VENDOR_KEY, table=parsed)
        if done.rows_written:
            audit.record(
                by=by,
                action="catalogue.skus_imported",
                subject_kind="catalogue",
                subject_id=VENDOR_KEY,
                before={},
                after={"file": file_name, "sha256": table.sha256, "skus": done.skus_in_file, "new": done.skus_new},
                at=at,
            )
    notes = [f"{parsed.repeated_rows} rows repeat an earlier row: ignored."] if parsed.repeated_rows else []
    if parsed.unknown_columns:
        names = ", ".join(tabular.shown(name) for name in parsed.unknown_columns)
        notes.append(f"Columns that are not used: {names}.")
    return SkusReport(done=done, notes=tuple(notes))


def prices(
    *,
    by: Actor,
    file: BinaryIO,
    file_name: str,
    reseller_id: uuid.UUID | None,
    valid_from_on: dt.date | None,
    at: dt.datetime,
) -> PricesReport:
    """Import a licence price sheet: for one reseller, or without `reseller_id` for the whole installation.

    `valid_from_on` None lets the new version count from today (UTC), or from the start of its earliest price if that is
    later. Raises FileRefused, changes.ImportClash, permissions.NotAllowed and permissions.Unknown.
    """
    permissions.require(by=by, action="catalogue.import", reseller_id=reseller_id)
    table = _opened(file=file, columns=price_sheet.COLUMNS)
    sheet = _parsed(price_sheet.parse, table=table)
    source = price_rows.Source(
        vendor_key=VENDOR_KEY,
        reseller_id=reseller_id,
        name=file_name,
        sha256=table.sha256,
        are_examples=False,
        valid_from_on=valid_from_on,
        at=at,
    )
    with transaction.atomic():
        done = catalogue.import_prices(source=source, sheet=sheet)
        if done.rows_written:
            audit.record(
                by=by,
                action="catalogue.prices_imported",
                subject_kind="catalogue",
                subject_id=VENDOR_KEY,
                before={},
                after={
                    "file": file_name,
                    "sha256": table.sha256,
                    "versions": [f"{'/'.join(made.key)}/v{made.version}" for made in done.versions],
                },
                at=at,
                reseller_id=reseller_id,
            )
    return PricesReport(done=done, notes=tuple(sheet.notes))


def _opened(*, file: BinaryIO, columns: tabular.Columns) -> tabular.Table:
    try:
        return tabular.read(source=file, columns=columns)
    except tabular.Unreadable as trouble:
        raise FileRefused([str(trouble)]) from trouble


class _Parsed(Protocol):
    @property
    def problems(self) -> list[tabular.Problem]: ...


class _Parse[Found: _Parsed](Protocol):
    def __call__(self, *, table: tabular.Table) -> Found: ...


def _parsed[Found: _Parsed](parse: _Parse[Found], *, table: tabular.Table) -> Found:
    try:
        found = parse(table=table)
    except tabular.Unreadable as trouble:
        raise FileRefused([str(trouble)]) from trouble
    if found.problems:
        raise FileRefused([problem.text for problem in found.problems])
    return found
