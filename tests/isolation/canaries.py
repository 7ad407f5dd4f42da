"""Texts and numbers that tell whose rows they come from, so that any that turns up at a stranger's is a leak.

A text is `CANARY-B-0007` (of customer B) or `CANARY-BP-0007` (of the people of B, whom fewer roles may see); letters
may come in any case, since domains and search texts are folded.
"""

import itertools
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

LETTERS = ("A", "B", "C")
TEXT = re.compile(r"canary-([abc]p?)-\d{4}", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
# 123,456.78 and 123.456,78 and 123 456,78 are read as one run of digits.
GROUPED = re.compile("(?<=[0-9])[.,'\u00a0\u202f\u2009](?=[0-9])")
NUMBER = re.compile(r"(?<![0-9A-Za-z_-])[0-9]{4,12}(?![0-9A-Za-z_-])")


@dataclass
class Canaries:
    """Gives out unique texts and knows every id, number and secret that belongs to one customer alone."""

    counter: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    ids: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def text(self, letter: str, *, people: bool = False) -> str:
        """A text that occurs nowhere else."""
        return f"CANARY-{letter}{'P' if people else ''}-{next(self.counter):04}"

    def own_ids(self, letter: str, ids: Iterable[object]) -> None:
        """Note ids of rows that belong to this customer."""
        self.ids |= {str(each).replace("-", "").lower(): letter for each in ids}

    def own_numbers(self, letter: str, numbers: Iterable[int]) -> None:
        """Note numbers of four digits or more that nobody else has."""
        for number in numbers:
            text = str(abs(number))
            if len(text) >= 4 and self.numbers.setdefault(text, letter) != letter:
                raise AssertionError(f"{text} is a number of {letter} and of {self.numbers[text]}")

    def own_secrets(self, letter: str, secrets: Iterable[str]) -> None:
        """Note keys and tokens of this customer."""
        self.secrets |= dict.fromkeys(secrets, letter)

    def found(self, text: str) -> set[tuple[str, str]]:
        """Every sign in `text` of a customer, as pairs of the owner (with P for people) and the sign."""
        signs = {(match.group(1).upper(), match.group(0)) for match in TEXT.finditer(text)}
        for match in UUID.finditer(text):
            owner = self.ids.get(match.group(0).replace("-", "").lower())
            if owner:
                signs.add((owner, match.group(0)))
        for number in NUMBER.findall(GROUPED.sub("", text)):
            if number in self.numbers:
                signs.add((self.numbers[number], number))
        signs |= {(owner, secret) for secret, owner in self.secrets.items() if secret in text}
        return signs


def missing_id(number: int) -> str:
    """An id that no row has; the same for the same number, so that a run can be repeated."""
    return str(uuid.UUID(int=uuid.uuid5(uuid.NAMESPACE_OID, f"missing {number}").int & ~(0xF << 76) | (4 << 76)))
