"""Acceptances of the vendor's agreement with customers: how they are entered, and whether there is one."""

import datetime as dt
import uuid
from dataclasses import dataclass

from seatwright.access.actors import Actor
from seatwright.customers.models import AgreementAcceptance
from seatwright.customers.queries import TenantRow


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Who accepted which version and when; `accepted_at` is None where the vendor does not say."""

    template_id: str
    version: int | None
    link: str
    first_name: str
    last_name: str
    email: str
    phone: str
    accepted_at: dt.datetime | None
    source: str
    on_whose_word: str


def record(*, by: Actor, tenant: TenantRow, acceptance: Acceptance, at: dt.datetime) -> None:
    """Enter an acceptance in the caller's transaction; rows are added, never changed."""
    AgreementAcceptance(
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        tenant_id=tenant.tenant_id,
        template_id=acceptance.template_id[:64],
        version=acceptance.version,
        link=acceptance.link[:500],
        first_name=acceptance.first_name[:100],
        last_name=acceptance.last_name[:100],
        email=acceptance.email[:254],
        phone=acceptance.phone[:40],
        accepted_at=acceptance.accepted_at,
        source=acceptance.source,
        on_whose_word=acceptance.on_whose_word[:300],
        recorded_by_user_id=by.user_id,
        recorded_by=by.label[:200],
        recorded_at=at,
    ).save(force_insert=True)


def newest(*, tenant_id: uuid.UUID) -> Acceptance | None:
    """The acceptance that was entered last for this tenant, None when nobody has accepted yet."""
    row = AgreementAcceptance.objects.filter(tenant_id=tenant_id).order_by("-pk").first()
    if row is None:
        return None
    return Acceptance(
        template_id=row.template_id,
        version=row.version,
        link=row.link,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        phone=row.phone,
        accepted_at=row.accepted_at,
        source=row.source,
        on_whose_word=row.on_whose_word,
    )
