"""Message catalogues without the gettext programs: `python -m scripts.translations COMMAND`.

`compile` writes what Django reads, `extract [NEW-LANGUAGE]` collects texts, `check` names what is missing.

English is the language of the source and needs no catalogue; each folder of `src/seatwright/locale` is one language.
"""

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog, Message
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "seatwright"
LOCALE = PACKAGE / "locale"
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
HEADER = "# Texts of Seatwright in the language named below; './dev translate' adds what is new.\n#"


def catalogues(*, locale: Path = LOCALE) -> list[Path]:
    """The catalogue of every language that has a folder."""
    return sorted(locale.glob("*/LC_MESSAGES/django.po"))


def wanted(*, package: Path = PACKAGE) -> Catalog:
    """Every text that code and templates ask to have translated, with the files that use it."""
    catalog = Catalog(project="Seatwright", charset="utf-8")
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.html"), *package.rglob("*.txt")]):
        if "migrations" in path.parts or (path.suffix != ".py" and "templates" not in path.parts):
            continue
        for message, comments, context in _messages(path):
            name = path.relative_to(package.parent).as_posix()
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def _messages(path: Path) -> Iterator[tuple[str | tuple[str, ...], list[str], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into something that reads like calls; its indentation would not pass as Python's.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).split("\n"))
    source = io.BytesIO(text.encode())
    found = extract.extract("python", source, KEYWORDS, comment_tags=("Translators:",), options={"encoding": "utf-8"})
    for _line, message, comments, context in found:
        yield message, comments, context


def read(path: Path) -> Catalog:
    """The catalogue at `path`; its language is the name of the folder two levels up. Raises PoFileError."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def update(*, package: Path = PACKAGE) -> list[Path]:
    """Bring every catalogue to the texts in use, keeping translations; returns those that changed."""
    template = wanted(package=package)
    changed = []
    for path in catalogues(locale=package / "locale"):
        catalog = read(path)
        # A date that moves at every run would make every change touch every catalogue.
        template.creation_date = catalog.creation_date
        catalog.update(template, no_fuzzy_matching=True)
        catalog.header_comment = HEADER
        buffer = io.BytesIO()
        pofile.write_po(buffer, catalog, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
        if buffer.getvalue() != path.read_bytes():
            path.write_bytes(buffer.getvalue())
            changed.append(path)
    return changed


def begin(*, language: str, locale: Path = LOCALE) -> Path:
    """An empty catalogue for `language`, with its plural forms; one that exists is left as it is.

    Raises babel.UnknownLocaleError.
    """
    catalog = Catalog(locale=language, project="Seatwright", charset="utf-8")
    path = locale / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pofile.write_po(file, catalog)
    return path


def gaps(*, package: Path = PACKAGE) -> list[str]:
    """What keeps a catalogue from being complete, one line each; empty when all are."""
    template = wanted(package=package)
    found = []
    for path in catalogues(locale=package / "locale"):
        catalog = read(path)
        language = path.parent.parent.name
        for message in template:
            if message.id:
                trouble = _trouble(catalog.get(message.id, message.context))
                files = ", ".join(file for file, _ in message.locations)
                found += [f"{language}: {message.id!r} {trouble} ({files})"] if trouble else []
        for message in catalog:
            if message.id and template.get(message.id, message.context) is None:
                found.append(f"{language}: {message.id!r} is used nowhere any more")
    return found


def _trouble(message: Message | None) -> str:
    if message is None:
        return "is not in the catalogue"
    if message.fuzzy:
        return "is marked fuzzy"
    ids = _texts(message.id)
    strings = _texts(message.string)
    if not all(strings):
        return "is not translated"
    known = set(PLACEHOLDER.findall("".join(ids)))
    if any(set(PLACEHOLDER.findall(text)) - known for text in strings):
        return "has a placeholder in its translation that the text does not have"
    # Of several plural forms one may leave the number out ("one seat"); a single form may leave out nothing.
    if len(ids) == 1 and set(PLACEHOLDER.findall(strings[0])) != known:
        return "loses a placeholder in its translation"
    return ""


def _texts(value: str | Sequence[str | None] | None) -> list[str]:
    """One text or the plural forms of one, always as a list."""
    return [value or ""] if isinstance(value, str | None) else [each or "" for each in value]


def compile_all(*, locale: Path = LOCALE) -> list[Path]:
    """Write the binary form that Django reads beside each catalogue that is newer; returns what was written."""
    written = []
    for path in catalogues(locale=locale):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        # Two commands may start at once, and a reader must never meet half a file.
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as file:
            mofile.write_mo(file, read(path))
        draft.replace(target)
        written.append(target)
    return written


def main(arguments: list[str]) -> int:
    """Run one command; exit code 1 when `check` found gaps."""
    if arguments == ["compile"]:
        compile_all()
        return 0
    if arguments[:1] == ["extract"]:
        for language in arguments[1:]:
            begin(language=language)
        changed = [str(path.relative_to(ROOT)) for path in update()]
        sys.stdout.write("".join(f"updated {path}\n" for path in changed) or "nothing new\n")
        return 0
    if arguments == ["check"]:
        found = gaps()
        sys.stderr.write("".join(f"{line}\n" for line in found))
        return 1 if found else 0
    sys.stderr.write("usage: python -m scripts.translations compile | extract [NEW-LANGUAGE] | check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
