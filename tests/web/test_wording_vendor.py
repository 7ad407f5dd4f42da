"""Every reason for which a vendor may refuse has its sentence, in every language."""

from django.utils import translation

from seatwright.vendors import port
from seatwright.web import wording, wording_vendor
from seatwright.web.templatetags import words


def test_every_reason_of_the_vendors_port_has_its_own_sentence_in_both_languages() -> None:
    assert set(wording_vendor.REASONS) == set(port.REASONS)
    said = {}
    for language in ("en", "de"):
        with translation.override(language):
            said[language] = [str(wording_vendor.REASONS[reason]) for reason in port.REASONS]
        assert len(set(said[language])) == len(port.REASONS)
        assert all(sentence.endswith(".") for sentence in said[language])
    assert not set(said["en"]) & set(said["de"])


def test_lines_and_parked_operations_tell_it() -> None:
    with translation.override("en"):
        sentence = str(wording_vendor.REASONS["stale"])
        assert wording.line_refusal("vendor_stale") == sentence
        assert words.parked_reason("vendor_stale") == sentence
        assert words.parked_reason("sent_too_often") == str(wording.PARKED["sent_too_often"])
        assert wording.line_refusal("vendor_new_word").startswith("The vendor refused the change")
