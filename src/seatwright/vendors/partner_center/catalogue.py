"""What Partner Center sells to a customer, and the agreement without which it sells nothing."""

import datetime as dt
import urllib.parse
import uuid
from collections.abc import Sequence

from seatwright.vendors import http, lossless, port
from seatwright.vendors.partner_center import answers, client, translate_catalogue, values, wire, wire_catalogue

GONE = ("400013", "400018", "400019")
AGREED_BEFORE = "600061"
_AGREEMENT_QUERY = f"agreementType={translate_catalogue.AGREEMENT_TYPE}"


class Catalogue:
    """Reads of the catalogue, of promotions and of agreements; see `port.Purchases` for what each call promises."""

    def __init__(self, *, client: client.PartnerCenterClient) -> None:
        self._client = client

    def availability(
        self,
        *,
        tenant: port.TenantRef,
        product_id: str,
        vendor_sku_id: str,
        term: str,
        billing_cycle: str,
        segment: str,
        at: dt.datetime,
    ) -> str | None:
        """The customer's own catalogue is asked, which knows market and qualifications; nothing is remembered."""
        sku = f"products/{http.path_part(product_id)}/skus/{http.path_part(vendor_sku_id)}"
        link = _link(tenant, f"{sku}/availabilities", targetSegment=values.their_segment(segment))
        plan = port.Plan(term=term, billing_cycle=billing_cycle)
        try:
            found = list(self._client.pages(link, item=wire_catalogue.Availability, at=at))
        except port.VendorMissing as missing:
            if missing.code in GONE:
                return None
            raise
        items = (
            values.text(each.catalog_item_id)
            for each in found
            if translate_catalogue.sells(each, item=(product_id, vendor_sku_id), plan=plan, segment=segment)
        )
        return next(filter(values.is_catalogue_item, items), None)

    def promotions(self, *, country: str, segment: str, at: dt.datetime) -> Sequence[port.Promotion]:
        query = urllib.parse.urlencode({"country": country, "segment": values.their_segment(segment)})
        found = self._client.pages(f"/v1/productpromotions?{query}", item=wire_catalogue.Promotion, at=at)
        return [translate_catalogue.promotion(seen) for seen in found]

    def promotion_eligibility(
        self,
        *,
        tenant: port.TenantRef,
        catalogue_id: str,
        quantity: int,
        term: str,
        billing_cycle: str,
        promotion_id: str,
        at: dt.datetime,
    ) -> port.PromotionVerdict:
        """A question by POST that changes nothing; an answer about another purchase is no answer."""
        asked = wire_catalogue.PromotionEligibilities(
            catalog_item_id=catalogue_id,
            quantity=quantity,
            term_duration=term,
            billing_cycle=billing_cycle,
            promotion_id=promotion_id,
        )
        page = self._client.read(
            _link(tenant, "promotionEligibilities"),
            kind=wire.Page[wire_catalogue.PromotionEligibilities],
            at=at,
            question=lossless.encode(wire_catalogue.PromotionQuestion(items=(asked,))),
        )
        if not page.items or not all(_is_about(item, asked) for item in page.items):
            raise port.VendorGarbled("Partner Center answered about another purchase")
        return translate_catalogue.verdict(page.items, promotion_id=promotion_id)

    def custom_ends(
        self, *, tenant: port.TenantRef, term: str, starts_on: dt.date, at: dt.datetime, align_with: str = ""
    ) -> Sequence[port.CustomEnd]:
        query = {"term_duration": term, "term_start_date": starts_on.isoformat()}
        if align_with:
            query["target_coterm_subscription_id"] = align_with
        found = self._client.pages(
            _link(tenant, "subscriptions/customTermEndDates", **query),
            item=wire_catalogue.CustomTermEndDate,
            at=at,
            is_token_in_header=True,
        )
        return [translate_catalogue.custom_end(seen) for seen in found]

    def agreement_template(self, *, at: dt.datetime) -> port.AgreementTemplate:
        found = self._client.pages(f"/v1/agreements?{_AGREEMENT_QUERY}", item=wire_catalogue.Agreement, at=at)
        return translate_catalogue.agreement_template(found)

    def agreement_status(self, *, tenant: port.TenantRef, at: dt.datetime) -> port.AgreementStatus:
        """Whether the customer signed directly is asked only when the partner recorded nothing."""
        link = f"{_link(tenant, 'agreements')}?{_AGREEMENT_QUERY}"
        found = self._client.pages(link, item=wire_catalogue.Agreement, at=at)
        accepted = translate_catalogue.accepted_agreements(found)
        return port.AgreementStatus(accepted=accepted, is_direct=not accepted and self._signed_directly(tenant, at))

    def confirm_agreement(
        self,
        *,
        tenant: port.TenantRef,
        contact: port.AgreementContact,
        template_id: str,
        agreed_at: dt.datetime,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        assert agreed_at <= at, "nobody agrees in the future"
        body = wire_catalogue.Agreement(
            primary_contact=wire_catalogue.PrimaryContact(
                first_name=contact.first_name,
                last_name=contact.last_name,
                email=contact.email,
                phone_number=contact.phone or None,
            ),
            template_id=template_id,
            date_agreed=values.moment(agreed_at),
            type=translate_catalogue.AGREEMENT_TYPE,
        )
        outcome = answers.answered(
            lambda: self._client.write(
                "POST",
                _link(tenant, "agreements"),
                content=lossless.encode(body),
                request_id=request_id,
                at=at,
            ),
            proof=lambda reply: _recorded(reply, template_id=template_id),
            at=at,
            proving=answers.OK_OR_CREATED,
        )
        if isinstance(outcome, port.Refused) and outcome.code == AGREED_BEFORE:
            return port.Done(seen=None, request_ref=outcome.request_ref)
        return outcome

    def _signed_directly(self, tenant: port.TenantRef, at: dt.datetime) -> bool:
        link = _link(tenant, "directSignedMicrosoftCustomerAgreementStatus")
        try:
            seen = self._client.read(link, kind=wire_catalogue.Agreement, at=at)
        except port.VendorMissing:
            return False
        return seen.is_signed is True


def _recorded(reply: http.Reply, *, template_id: str) -> port.Done | None:
    seen = lossless.from_tree(reply.json(), kind=wire_catalogue.Agreement)
    if values.text(seen.template_id).casefold() != template_id.casefold():
        return None
    return port.Done(seen=None, request_ref=reply.request_ref)


def _is_about(seen: wire_catalogue.PromotionEligibilities, asked: wire_catalogue.PromotionEligibilities) -> bool:
    """Whether the answer repeats the question, as far as it repeats anything."""
    pairs = (
        (seen.catalog_item_id, asked.catalog_item_id),
        (seen.term_duration, asked.term_duration),
        (seen.billing_cycle, asked.billing_cycle),
    )
    is_same = all(not told or values.squeezed(told) == values.squeezed(meant) for told, meant in pairs)
    return is_same and seen.quantity in (None, asked.quantity)


def _link(tenant: port.TenantRef, below: str, **query: str) -> str:
    path = f"{client.customer_path(tenant.customer_id)}/{below}"
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path
