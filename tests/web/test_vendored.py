"""What the portal serves: vendored files as recorded, nothing from elsewhere, small scripts, whole templates."""

import gzip
import hashlib
import pathlib
import re

import pytest
from django.template.loader import get_template
from django.test import Client

WEB = pathlib.Path(__file__).parents[2] / "src" / "seatwright" / "web"
STATIC = WEB / "static"
TEMPLATES = WEB / "templates"
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
REMOTE = re.compile(r"""(?:url\(|import\s|src=|href=)\s*["']?(?:https?:)?//""")
SCRIPT_LINES_MAX = 60


def texts(*suffixes: str) -> list[pathlib.Path]:
    return [path for path in STATIC.rglob("*") if path.suffix in suffixes]


def test_vendored_files_are_those_that_were_recorded() -> None:
    rows = dict(ROW.findall((STATIC / "vendor" / "VENDOR.md").read_text()))
    vendored = {
        path.relative_to(STATIC / "vendor").as_posix()
        for path in (STATIC / "vendor").rglob("*.*")
        if path.suffix in (".js", ".css", ".woff2")
    }
    assert vendored <= set(rows)
    for name, digest in rows.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name


def test_the_compressed_style_sheet_is_the_style_sheet() -> None:
    plain = STATIC / "vendor" / "tabler" / "tabler.min.css"
    assert gzip.decompress(plain.with_suffix(".css.gz").read_bytes()) == plain.read_bytes()


def test_every_vendored_package_brings_its_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        assert folder.name == "VENDOR.md" or (folder / "LICENSE").is_file(), folder


def test_nothing_is_fetched_from_another_host() -> None:
    for path in texts(".css", ".js", ".svg"):
        text = path.read_text()
        assert "sourceMappingURL" not in text, path
        assert REMOTE.search(text.replace("http://www.w3.org/2000/svg", "")) is None, path


def test_scripts_of_our_own_stay_small_and_evaluate_nothing() -> None:
    for path in STATIC.glob("behaviour/*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= SCRIPT_LINES_MAX, path
        assert text.startswith(("//", "import")), path
        assert re.search(r"\beval\(|new Function|\.style\b|document\.write", text) is None, path


def test_every_icon_that_a_template_asks_for_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    asked = {
        name for path in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([^"]+)" %}', path.read_text())
    }
    in_code = set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', (WEB / "states.py").read_text()))
    assert asked <= sprite
    assert in_code <= sprite


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_every_template_compiles(path: pathlib.Path) -> None:
    assert get_template(path.relative_to(TEMPLATES).as_posix()) is not None


def test_static_files_are_served_with_their_type(db: None, client: Client) -> None:
    for name, kind in (("app.css", "text/css"), ("app.js", "text/javascript"), ("icons.svg", "image/svg+xml")):
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
