"""The tables of the vendor's codes: each leads to one of the port's reasons, and each reason has a text."""

import pytest

from seatwright.vendors import port
from seatwright.vendors.partner_center import refusals


def test_every_code_leads_to_a_reason_of_the_port_with_a_text_of_ours() -> None:
    codes = [code for codes in refusals._CODES_BY_REASON.values() for code in codes]
    assert len(codes) == len(set(codes)) == len(refusals.REASON_BY_CODE)
    reasons = {*refusals.REASON_BY_CODE.values(), *refusals.REASON_BY_STATUS.values(), *refusals._CART_REASONS.values()}
    assert reasons <= set(port.REASONS)
    assert all(refusals.safe_text(reason) for reason in reasons)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("10001", "catalogue_changed"),
        ("CatalogItemIdIsNotValid", "catalogue_changed"),
        ("catalog_item_id_is_not_valid", "catalogue_changed"),
        ("10013", "term_not_allowed"),
        ("10014", "promotion_not_allowed"),
        ("10015", "quantity_out_of_range"),
        ("10017", "end_date_not_allowed"),
        ("400041", "prerequisite_missing"),
        ("13605", "agreement_missing"),
        ("0", "line_refused"),
        ("Unknown", "line_refused"),
        ("", "line_refused"),
    ],
)
def test_a_lines_code_is_understood_as_number_and_as_name(code: str, reason: str) -> None:
    assert refusals.line_reason(code) == reason
