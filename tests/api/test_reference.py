"""The reference page of the API lists what the code has, no more and no less."""

import dataclasses
import pathlib
import re
import typing

from seatwright.api import document, line_refusals, planning_faults, problems
from seatwright.rules import purchases, refusals
from seatwright.web import wording_term

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]


def test_every_operation_is_documented() -> None:
    described = {
        f"`{method.upper()} {path.removeprefix(document.PREFIX)}`"
        for path, methods in document.document()["paths"].items()
        for method in methods
    }
    assert {row[0] for row in ROWS if re.match(r"`(GET|POST) ", row[0])} == described


def test_every_type_of_problem_is_documented_with_its_status() -> None:
    documented = {row[0].strip("`"): int(row[1]) for row in ROWS if row[0].startswith("`/problems/")}
    assert documented == {kind.uri: kind.status for kind in problems.KINDS}


def test_every_refusal_of_the_rules_is_documented_with_its_data_and_has_a_sentence() -> None:
    family = {
        each.code: [field.name for field in dataclasses.fields(each)] for each in typing.get_args(refusals.Refusal)
    }
    documented = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in ROWS if row[0].strip("`") in family}
    assert documented == family
    assert line_refusals.SENTENCES.keys() == family.keys()


def test_every_refusal_of_a_purchase_is_documented_with_its_data_and_has_a_sentence() -> None:
    own = [each for each in typing.get_args(purchases.Refusal) if each not in typing.get_args(refusals.Refusal)]
    family = {each.code: [field.name for field in dataclasses.fields(each)] for each in own}
    documented = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in ROWS if row[0].strip("`") in family}
    assert documented == family
    assert line_refusals.PURCHASE_SENTENCES.keys() == family.keys()
    for each in own:
        names = {field.name: field.name for field in dataclasses.fields(each)}
        assert "{" not in line_refusals.PURCHASE_SENTENCES[each.code].format(**names)


def test_every_sentence_can_be_said_with_the_data_of_its_refusal() -> None:
    for each in typing.get_args(refusals.Refusal):
        names = {field.name: field.name for field in dataclasses.fields(each)}
        assert "{" not in line_refusals.SENTENCES[each.code].format(**names)


def test_refusals_are_a_union_of_all_classes_with_a_code() -> None:
    classes = {each for each in vars(refusals).values() if isinstance(each, type) and hasattr(each, "code")}
    assert classes == set(typing.get_args(refusals.Refusal))


def test_every_refusal_of_another_term_is_documented_and_has_its_sentence_on_the_page() -> None:
    table = PAGE.partition("Another term inside the running one is refused")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(planning_faults.TERMS)
    assert wording_term.REFUSALS.keys() == planning_faults.TERMS.keys() | {"changed"}
