"""The programs behind ./dev: a throwaway PostgreSQL, message catalogues without gettext, a suite that skips nothing."""

import gettext
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from scripts import postgres, suite, translations

from tests.project import tree

TEMPLATE = """{% load i18n %}<p title="It's">{% translate "Book now" %} {% translate "May" context "month" %}</p>
  {% blocktranslate count n=seats trimmed %}
    One seat of {{ name }}
  {% plural %}
    {{ n }} seats of {{ name }}
  {% endblocktranslate %}
{% comment %}{% translate "Never shown" %}{% endcomment %}
"""
CODE = """from django.utils.translation import gettext_lazy as _
TITLE = _("Licences "
          "held by you")
"""
CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Book now"
msgstr "Jetzt buchen"

msgctxt "month"
msgid "May"
msgstr "Mai"

msgid "Licences held by you"
msgstr "Ihre Lizenzen"

msgid "One seat of %(name)s"
msgid_plural "%(n)s seats of %(name)s"
msgstr[0] "Ein Platz von %(name)s"
msgstr[1] "%(n)s Plätze von %(name)s"
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one template, one module and a complete German catalogue."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    (tmp_path / "page.py").write_text(CODE)
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(CATALOGUE, encoding="utf-8")
    return tmp_path


def catalogue(package: Path) -> Path:
    return package / "locale" / "de" / "LC_MESSAGES" / "django.po"


def change(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def test_texts_are_found_in_code_and_templates_and_nowhere_else(package: Path):
    found = {message.id for message in translations.wanted(package=package) if message.id}
    plural = ("One seat of %(name)s", "%(n)s seats of %(name)s")
    assert found == {"Book now", "May", "Licences held by you", plural}


def test_a_complete_catalogue_has_no_gaps(package: Path):
    assert translations.gaps(package=package) == []


@pytest.mark.parametrize(
    ("old", "new", "trouble"),
    [
        ('msgstr "Mai"', 'msgstr ""', "is not translated"),
        ('msgstr[1] "%(n)s Plätze von %(name)s"', 'msgstr[1] ""', "is not translated"),
        ('msgid "Book now"', '#, fuzzy\nmsgid "Book now"', "is marked fuzzy"),
        ('msgid "Book now"', 'msgid "Book soon"', "is not in the catalogue"),
        ('msgid "Book now"', 'msgid "Old"\nmsgstr "Alt"\n\nmsgid "Book now"', "is used nowhere any more"),
        (
            "Plätze von %(name)s",
            "Plätze von %(nmae)s",
            "has a placeholder in its translation that the text does not have",
        ),
    ],
)
def test_a_gap_is_named(package: Path, old: str, new: str, trouble: str):
    change(catalogue(package), old, new)
    assert any(trouble in line for line in translations.gaps(package=package))


def test_collecting_texts_adds_what_is_new_and_keeps_what_is_translated(package: Path):
    (package / "page.py").write_text(CODE + 'MORE = _("Seats")\n')
    translations.update(package=package)
    content = catalogue(package).read_text(encoding="utf-8")
    assert 'msgid "Seats"\nmsgstr ""' in content
    assert 'msgstr "Jetzt buchen"' in content
    assert translations.update(package=package) == []


def test_a_language_begins_with_every_text_and_its_own_plural_forms(package: Path):
    path = translations.begin(language="pl", locale=package / "locale")
    translations.update(package=package)
    content = path.read_text(encoding="utf-8")
    assert "nplurals=4" in content or "nplurals=3" in content
    assert 'msgid "Book now"\nmsgstr ""' in content


def test_compiled_catalogues_are_what_gettext_reads(package: Path):
    assert len(translations.compile_all(locale=package / "locale")) == 1
    german = gettext.translation("django", localedir=package / "locale", languages=["de"])
    assert german.gettext("Book now") == "Jetzt buchen"
    assert german.ngettext("One seat of %(name)s", "%(n)s seats of %(name)s", 2) == "%(n)s Plätze von %(name)s"
    assert translations.compile_all(locale=package / "locale") == []


def test_every_language_offered_has_a_catalogue():
    offered = {code for code, _name in settings.LANGUAGES} - {"en"}
    assert {path.parent.parent.name for path in translations.catalogues()} == offered


def test_a_throwaway_server_answers_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(postgres.URL_VARIABLE, raising=False)
    with postgres.server() as url:
        folder = Path(url.partition("host=")[2])
        with psycopg.connect(url) as connection:
            row = connection.execute("select current_setting('server_version_num')::int, pg_backend_pid()").fetchone()
    assert row is not None
    assert row[0] >= 180000
    assert not folder.exists()


def test_a_server_that_was_named_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(postgres.URL_VARIABLE, "postgresql://somewhere/else")
    with postgres.server() as url:
        assert url == "postgresql://somewhere/else"


def run_pytest(folder: Path, content: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of the suite's own pytest plugin over one file of tests."""
    (folder / "test_it.py").write_text(f"import pytest\n{content}")
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    browser: b\n    kill: k\n    once: o\n    django_db: d\n"
    )
    plugins = ["-p", "scripts.pytest_suite", "-p", "no:django", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, *arguments, f"--rootdir={folder}", "-c"]
    return subprocess.run(
        [*command, str(folder / "pytest.ini"), str(folder)], cwd=tree.ROOT, capture_output=True, text=True, check=False
    )


def test_a_skipped_test_fails_the_suite(tmp_path: Path):
    said = run_pytest(tmp_path, "def test_a(): pytest.skip('no browser here')\ndef test_b(): pass\n")
    assert said.returncode == 1
    assert "A skipped test fails the suite" in said.stdout
    assert "no browser here" in said.stdout


def test_contract_data_that_is_not_there_does_not_fail_the_suite(tmp_path: Path):
    said = run_pytest(tmp_path, "def test_a(): pytest.skip('contract data is not there')\ndef test_b(): pass\n")
    assert said.returncode == 0, said.stdout


def test_the_second_database_runs_what_touches_the_database(tmp_path: Path):
    content = """
@pytest.fixture
def db(): pass
@pytest.fixture
def shop(db): pass
def test_pure(): assert False
@pytest.mark.django_db
def test_marked(): pass
def test_through_a_fixture(shop): pass
@pytest.mark.kill
def test_killed(shop): assert False
@pytest.mark.browser
def test_browser(shop): assert False
"""
    said = run_pytest(tmp_path, content, "--only-database")
    assert "2 passed, 3 deselected" in said.stdout


def test_the_longest_tests_begin_first_and_the_others_keep_their_order(tmp_path: Path):
    content = """
def test_b(): pass
def test_a(): pass
@pytest.mark.once
def test_long(): pass
@pytest.mark.kill
def test_longest(): pass
"""
    said = run_pytest(tmp_path, content, "--collect-only")
    found = [line.partition("::")[2] for line in said.stdout.splitlines() if "::" in line]
    assert found == ["test_longest", "test_long", "test_b", "test_a"]


def test_a_test_cannot_reach_the_installation_of_whoever_starts_the_suite(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://live")
    monkeypatch.setenv("SEATWRIGHT_VENDOR_CLIENT_SECRET", "live")
    monkeypatch.setenv("SEATWRIGHT_CONTRACTS", "somewhere")
    environment = suite.clean_environment()
    assert {name for name in environment if name.startswith(("SEATWRIGHT_", "DATABASE_"))} <= suite.MEANT_FOR_TESTS
    assert environment["SEATWRIGHT_CONTRACTS"] == "somewhere"


def test_what_the_first_run_has_compiled_is_kept_for_the_second(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in suite.clean_environment()


@pytest.mark.parametrize(
    "line",
    [
        "===== 12 passed in 3.40s =====",
        "=== 1 failed, 2 passed, 1 warning in 65.20s (0:01:05) ===",
        "2 passed in 0.12s",
    ],
)
def test_the_summary_of_a_run_is_recognised(line: str):
    assert suite.SUMMARY.match(line)


def test_the_documentation_loads_nothing_from_elsewhere(tmp_path: Path):
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
    assert subprocess.run(command, cwd=tree.ROOT, capture_output=True, check=False).returncode == 0
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert 'src="http' not in content
        assert '<link rel="stylesheet" href="http' not in content
        assert "preconnect" not in content
