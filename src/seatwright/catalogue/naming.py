"""Names as searched and keys as written: pure text, no database."""

import unicodedata
from typing import NamedTuple

TERM_CODES = {
    ("P1M", "monthly"): "MM",
    ("P1Y", "monthly"): "YM",
    ("P1Y", "annual"): "AA",
    ("P3Y", "monthly"): "3M",
    ("P3Y", "annual"): "3A",
    ("P3Y", "triennial"): "33",
}


class OfferKey(NamedTuple):
    """The parts of an offer key such as `microsoft:CFQ7TTC0LH18:0001:commercial:P1Y:monthly:DE`."""

    vendor_key: str
    product_id: str
    vendor_sku_id: str
    segment: str
    term: str
    billing_plan: str
    market: str

    def __str__(self) -> str:
        return ":".join(self)


def offer_key(text: str) -> OfferKey | None:
    """The parts of a written offer key, or None when it has another number of them."""
    parts = text.split(":")
    return OfferKey(*parts) if len(parts) == len(OfferKey._fields) else None


def folded(text: str) -> str:
    """A text as searched: without case and accents, and with a German umlaut equal to its two-letter spelling."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    for spelled, letter in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        letters = letters.replace(spelled, letter)
    return " ".join(letters.split())


def search_text(*names: str) -> str:
    """The folded names of one thing, each once, separated so that no word runs across two names."""
    return " | ".join(dict.fromkeys(name for name in map(folded, names) if name))
