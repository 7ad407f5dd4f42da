"""Reading a delimited text file that a person was given by a vendor: any of its usual encodings, and errors by place.

Pure: bytes in, rows with the line they start on out. What the cells mean is said in `sku_table` and `price_sheet`.
"""

import codecs
import csv
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO

DELIMITERS = (",", ";", "\t")
_CHUNK = 1 << 20
_HEADER_CHARACTERS = 1 << 16


class Unreadable(Exception):
    """The file as a whole cannot be read; the text says what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that is read: of the unpacked file, of rows, and of characters in one cell."""

    size_bytes: int = 256 * 1024 * 1024
    rows: int = 1_000_000
    cell_characters: int = 10_000


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong at one place; `line` and `position` count from 1, position 0 means the whole line."""

    line: int
    advice: str
    column: str = ""
    position: int = 0
    value: str = ""

    @property
    def text(self) -> str:
        """The place, the value found there, and what to do."""
        place = f"line {self.line}"
        if self.column:
            place += f", column {self.column} ({self.position})"
        return f"{place}: {shown(self.value)} {self.advice}" if self.column else f"{place}: {self.advice}"


def shown(value: str) -> str:
    """A cell as it may stand in a message: quoted, one line, at most 60 characters, nothing that steers a terminal."""
    short = value if len(value) <= 60 else value[:57] + "..."
    return "'" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in short) + "'"


def plain(value: str) -> str:
    """A cell's text on one line, single blanks, without characters that cannot be seen."""
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    return " ".join("".join(c for c in value if c.isprintable() or c.isspace()).split())


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns a kind of file may have: our name for each, and how it is headed; `required` are our names.

    Headings are compared without regard to case, blanks, underscores and hyphens.
    """

    headings: Mapping[str, tuple[str, ...]]
    required: frozenset[str]


@dataclass(kw_only=True)
class Table:
    """An opened file; iterate `rows` once, then look at `problems`, which the iteration adds to."""

    sha256: str
    encoding: str
    delimiter: str
    places: Mapping[str, int]
    titles: Mapping[str, str]
    unknown: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    problems: list[Problem] = field(default_factory=list)

    def problem(self, *, line: int, column: str, value: str, advice: str) -> Problem:
        """A problem at one of our columns, said with the heading that the file itself uses."""
        return Problem(
            line=line, column=self.titles[column], position=self.places[column] + 1, value=value, advice=advice
        )


def read(*, source: BinaryIO, columns: Columns, limits: Limits | None = None) -> Table:
    """The table in `source`, which must be seekable: plain text, or a zip archive with exactly one text file in it.

    UTF-8 (with or without byte order mark), UTF-16 with its mark, and Windows-1252 for what is not valid UTF-8. The
    delimiter is the one of comma, semicolon and tab under which the header names most known columns. Without `limits`
    those of this module count. Raises Unreadable.
    """
    limits = limits or LIMITS
    content = _unpacked(source=source, limits=limits)
    sha256, encoding = _examined(content=content, limits=limits)
    content.seek(0)
    text = io.TextIOWrapper(content, encoding=encoding, newline="")
    header, header_line = _header_line(text)
    delimiter, cells = _split_header(header=header, columns=columns)
    places, titles, unknown = _places(cells=cells, columns=columns)
    table = Table(
        sha256=sha256,
        encoding=encoding,
        delimiter=delimiter,
        places=places,
        titles=titles,
        unknown=unknown,
        rows=iter(()),
    )
    table.rows = _rows(table=table, text=text, width=len(cells), lines_before=header_line, limits=limits)
    return table


def _unpacked(*, source: BinaryIO, limits: Limits) -> BinaryIO:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    start = source.read(4)
    source.seek(0)
    if size == 0:
        raise Unreadable("The file is empty.")
    if size > limits.size_bytes:
        raise Unreadable(f"The file is larger than {limits.size_bytes:,} bytes; split it by market.")
    if start != b"PK\x03\x04":
        return source
    try:
        with zipfile.ZipFile(source) as archive:
            return _only_member(archive=archive, limits=limits)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as trouble:
        raise Unreadable("The zip archive is damaged or locked; unpack it and import the CSV file.") from trouble


def _only_member(*, archive: zipfile.ZipFile, limits: Limits) -> BinaryIO:
    names = archive.namelist()
    if "[Content_Types].xml" in names:
        raise Unreadable("This is an Excel workbook; save it as 'CSV UTF-8' and import that file.")
    members = [m for m in archive.infolist() if m.filename.casefold().endswith((".csv", ".txt", ".tsv"))]
    if len(members) != 1:
        raise Unreadable(f"The zip archive holds {len(members)} text files; exactly one is expected.")
    unpacked: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- handed on; it goes when the table is forgotten
    written = 0
    with archive.open(members[0]) as member:
        while chunk := member.read(_CHUNK):
            written += len(chunk)
            if written > limits.size_bytes:
                raise Unreadable(f"The unpacked file is larger than {limits.size_bytes:,} bytes; split it by market.")
            unpacked.write(chunk)
    if written == 0:
        raise Unreadable("The file in the zip archive is empty.")
    return unpacked  # type: ignore[return-value]


def _examined(*, content: BinaryIO, limits: Limits) -> tuple[str, str]:
    """The hash of the whole file and the encoding in which every byte of it can be read."""
    content.seek(0)
    start = content.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "cp1252"]
    digest = hashlib.sha256()
    content.seek(0)
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    for encoding in candidates:
        if _decodes(content=content, encoding=encoding):
            return digest.hexdigest(), encoding
    raise Unreadable("The file is not readable as text; save it as 'CSV UTF-8' and import that file.")


def _decodes(*, content: BinaryIO, encoding: str) -> bool:
    content.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := content.read(_CHUNK):
            if "\x00" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _header_line(text: io.TextIOWrapper) -> tuple[str, int]:
    """The first line that is neither blank, a comment, nor Excel's `sep=` hint, and its number."""
    line_number = 0
    while line := text.readline(_HEADER_CHARACTERS):
        line_number += 1
        if len(line) == _HEADER_CHARACTERS:
            raise Unreadable(f"Line {line_number} is too long for a header; is this the right file?")
        stripped = line.strip()
        if stripped and not stripped.startswith("#") and not stripped.casefold().startswith("sep="):
            return line.rstrip("\r\n"), line_number
    raise Unreadable("The file has no header line.")


def folded(heading: str) -> str:
    """A heading as compared: without case, blanks, underscores and hyphens."""
    return "".join(c for c in heading.casefold() if c not in " _-\u00a0\ufeff")


def _split_header(*, header: str, columns: Columns) -> tuple[str, list[str]]:
    best: tuple[int, str, list[str]] = (-1, ",", [])
    known = {folded(h) for headings in columns.headings.values() for h in headings}
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([header], delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration):
            continue
        hits = sum(folded(cell) in known for cell in cells)
        if hits > best[0]:
            best = (hits, delimiter, cells)
    return best[1], best[2]


def _places(*, cells: list[str], columns: Columns) -> tuple[dict[str, int], dict[str, str], tuple[str, ...]]:
    ours = {folded(h): name for name, headings in columns.headings.items() for h in headings}
    places: dict[str, int] = {}
    titles: dict[str, str] = {}
    unknown: list[str] = []
    for place, cell in enumerate(cells):
        name = ours.get(folded(cell))
        if name is None:
            unknown.append(cell.strip())
        elif name in places:
            raise Unreadable(f"The header names column {shown(cell.strip())} twice; remove one of them.")
        else:
            places[name], titles[name] = place, cell.strip()
    missing = sorted(columns.headings[name][0] for name in columns.required - places.keys())
    if missing:
        raise Unreadable(f"The header lacks the columns {', '.join(missing)}; is this the right file?")
    return places, titles, tuple(unknown)


def _rows(
    *, table: Table, text: io.TextIOWrapper, width: int, lines_before: int, limits: Limits
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=table.delimiter, strict=True)
    count, line = 0, lines_before + 1
    while True:
        line = lines_before + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            advice = "the quotation marks do not match; double every quotation mark inside a quoted text."
            table.problems.append(Problem(line=line, advice=advice))
            return
        if not any(row):
            continue
        count += 1
        if count > limits.rows:
            raise Unreadable(f"The file has more than {limits.rows:,} rows; split it by market.")
        if len(row) != width:
            advice = f"has {len(row)} cells where the header has {width}; quote texts that hold the delimiter."
            table.problems.append(Problem(line=line, advice=advice))
        elif len(max(row, key=len)) > limits.cell_characters:
            advice = f"has a cell of more than {limits.cell_characters:,} characters; is a quotation mark missing?"
            table.problems.append(Problem(line=line, advice=advice))
        else:
            yield line, row
