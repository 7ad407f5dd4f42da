"""Journeys that open operations of their own: an end, a renewal sheet, an alarm, an agreement; `swaps.py` has those.

Mails are files in the lives (`life.py`), so that what was sent before a death can be counted after it.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.kill import grounds, jobs, swaps
from tests.stories import world as worlds

DAY = dt.timedelta(days=1)
# What an operation says of a mail that was noted as sent when its life ended: a mail cannot be read back.
UNSURE = "answer was lost"


class End(jobs.Job):
    """A subscription is ended at once; the next case takes the next one that is young enough."""

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        row = holding(world, f"young {self.count - 1}")
        return jobs.Wanted(
            plan={"what": "status", "subscription_id": str(row.subscription_id), "status": "deleted"},
            tenant="south",
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"status": "deleted"},
            facts={"subscription_id": row.subscription_id},
        )

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """It is ended in the books too, and its seats are credited once."""
        from seatwright.access.actors import SYSTEM
        from seatwright.billing import queries as billing
        from seatwright.subscriptions import queries as holdings

        row = holdings.by_ids(subscription_ids=[wanted.facts["subscription_id"]])[0]
        charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["south"])
        kinds = [each.kind for each in charges if each.subscription_id == row.subscription_id]
        found = [f"{row.status} in the books"] if row.status != "deleted" else []
        return found + ([f"charges {kinds}"] if len(kinds) != 1 else [])


class _Mailing(jobs.Job):
    by = "north_owner"

    def mails(self, wanted: jobs.Wanted) -> int:
        """How many are written."""
        raise NotImplementedError

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """No mail comes twice, and those come whose operations do not say that they may be lost."""
        twice = [f"{mail} came {count} times" for mail, count in Counter(news.mails).items() if count > 1]
        unsure = sum(each.kind == "send_mail" and UNSURE in each.last_error for each in news.opened)
        least = self.mails(wanted) - unsure
        if not least <= len(news.mails) <= self.mails(wanted):
            twice.append(f"{len(news.mails)} mails of {self.mails(wanted)}")
        return twice


class Sheet(_Mailing):
    """Nobody answers a renewal sheet: its deadline brings the default, its record and the mails about both."""

    def mails(self, wanted: jobs.Wanted) -> int:
        """That it is there, and who decided, to the one owner."""
        return 2

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        from seatwright.workflows import renewal_sheets

        row = holding(world, f"asked {self.count - 1}")
        sheet_id = renewal_sheets.make(
            by=world.actor("staff"),
            customer_id=row.customer_id,
            subscription_ids=[row.subscription_id],
            default="cancel",
            deadline_at=at,
            at=at - 2 * DAY,
        )
        renewal_sheets.send(by=world.actor("staff"), sheet_id=sheet_id, at=at - DAY)
        return jobs.Wanted(
            plan={"what": "sheet"},
            tenant=grounds.NEAR,
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"autoRenewEnabled": False, "quantity": row.seats},
            facts={"sheet_id": sheet_id},
        )

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """The default decided the line, and there is one record of it."""
        from django.apps import apps

        from seatwright.access.actors import SYSTEM
        from seatwright.orders import sheets

        sheet = sheets.sheet(seen_by=SYSTEM, sheet_id=wanted.facts["sheet_id"])
        records = apps.get_model("orders.RenewalSheetRecord").objects.filter(sheet_id=sheet.sheet_id).count()
        states = [(line.state, line.choice) for line in sheet.lines]
        found = super().wrong(world, wanted, news)
        if (sheet.state, states, records) != ("defaulted", [("defaulted", "cancel")], 1):
            found.append(f"the sheet is {sheet.state}, its lines {states}, with {records} records")
        return found


class Alarm(_Mailing):
    """A wish is wiped at the vendor two days before its renewal: staff are told once and it is stored again."""

    def mails(self, wanted: jobs.Wanted) -> int:
        """To the reseller's administrator and to its support."""
        return 2

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        from seatwright.access.actors import SYSTEM
        from seatwright.operations import clock
        from seatwright.rules import timeline
        from seatwright.workflows import schedule_change

        row = holding(world, f"ending {self.count - 1}")
        schedule_change.schedule(
            by=world.actor(self.by),
            subscription_id=row.subscription_id,
            wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(1)},
            at=at,
        )
        world.at = at
        world.work()
        clock.advance(by=SYSTEM, to=world.at, at=at)
        wanted = jobs.Wanted(
            plan={"what": "alarm"},
            tenant=grounds.NEAR,
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"scheduledNextTermInstructions": {"quantity": 1}},
            facts={"subscription_id": row.subscription_id},
        )
        _wipe(world, wanted)
        return wanted

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """One alarm was noted."""
        from django.apps import apps

        rows = apps.get_model("subscriptions.RenewalAlarm").objects
        count = rows.filter(subscription_id=wanted.facts["subscription_id"]).count()
        return super().wrong(world, wanted, news) + ([f"{count} alarms"] if count != 1 else [])


def _wipe(world: worlds.World, wanted: jobs.Wanted) -> None:
    """Somebody removes the schedule in the vendor's own console."""
    import httpx2

    tenant = worlds.tenant_id(wanted.tenant)
    url = f"{world.simulator.base_url}/v1/customers/{tenant}/subscriptions/{wanted.vendor_subscription_id}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    page = httpx2.get(url, headers=headers).json()
    assert page.pop("scheduledNextTermInstructions")["quantity"] == 1
    assert httpx2.patch(url, headers=headers, json=page).status_code == 200


class Agreement(jobs.Job):
    """A customer accepts the vendor's agreement with its first quote; the next case is the next customer."""

    by = "north_owner"
    write = {"method": "POST", "path": "/agreements$", "nth": 1, "times": 1}

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        return jobs.Wanted(
            plan={"what": "agreement", "customer": str(world.customer_ids[grounds.newcomer(self.count)])}
        )

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """The vendor has it on record once."""
        told = [each["kind"] for each in news.effects]
        return [f"effects {told}"] if told != ["agreement.confirmed"] else []


def holding(world: worlds.World, name: str) -> Any:
    """The subscription of that name in the books."""
    from seatwright.access.actors import SYSTEM
    from seatwright.subscriptions import queries as holdings

    ids = [world.customer_ids[each] for each in ("south", grounds.NEAR)]
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=ids)
    return next(row for row in rows if row.vendor_subscription_id == grounds.vendor_id(name))


def place(plan: Mapping[str, Any], *, actor: Any, at: dt.datetime) -> None:
    """What sets a journey going in each life: a person again, or the worker's own chores."""
    from seatwright.workflows import buy, buy_pricing, close_sheet, watch_renewals

    if plan["what"] == "sheet":
        close_sheet.remind_and_close(at=at)
    elif plan["what"] == "alarm":
        watch_renewals.request_due(at=at)
    elif plan["what"] == "agreement":
        customer_id = uuid.UUID(plan["customer"])
        try:
            buy.prepare(
                by=actor,
                customer_id=customer_id,
                choice=buy_pricing.Choice(tenant_id=_tenant_id(customer_id), offer_key=jobs._offer(), seats=1),
                signatory=buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example"),
                at=at,
            )
        except buy_pricing.Refused:
            return  # it is under way already
    else:
        jobs.place(plan, actor=actor, at=at)


def _tenant_id(customer_id: uuid.UUID) -> uuid.UUID:
    from seatwright.customers import queries as customers

    return next(each.tenant_id for each in customers.tenants_of_installation() if each.customer_id == customer_id)


JOBS: dict[str, type[jobs.Job]] = {
    "schedule": jobs.Schedule,
    "status": jobs.Status,
    "term": jobs.Term,
    "buy": jobs.Purchase,
    "swap": swaps.Swap,
    "swap bought": swaps.Bought,
    "merge": swaps.Merge,
    "partial": swaps.Partial,
    "full": swaps.Full,
    "end": End,
    "sheet": Sheet,
    "alarm": Alarm,
    "agreement": Agreement,
}
