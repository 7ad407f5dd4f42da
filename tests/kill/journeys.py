"""Journeys that open operations of their own: swaps, an end, a renewal sheet, an alarm, an agreement.

Mails are files in the lives (`life.py`), so that what was sent before a death can be counted after it.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.kill import grounds, jobs
from tests.stories import world as worlds

DAY = dt.timedelta(days=1)
STANDARD_KEY = "CFQ7TTC0LDPB:0001"
# What an operation says of a mail that was noted as sent when its life ended: a mail cannot be read back.
UNSURE = "answer was lost"


class Swap(jobs.Job):
    """The next two people of a customer go from one plan to the other; nobody is ever without one of the two."""

    by = "north_owner"
    way = "more"
    write = {"method": "POST", "path": "/assignLicense", "nth": 1, "times": 1}

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        from seatwright.workflows import swap, swap_plan

        actor = world.actor(self.by)
        place, number = divmod(self.count - 1, grounds.CASES_A_MOVER)
        customer = f"{self.way}{place}"
        source, target = (world.holding(customer, sku_id) for sku_id in (worlds.BASIC, worlds.STANDARD))
        first = 1 + number * grounds.PEOPLE_A_CASE
        people = tuple(grounds.person_key(customer, first + more) for more in range(grounds.PEOPLE_A_CASE))
        choice = swap_plan.Choice(
            subscription_id=source.subscription_id,
            to=STANDARD_KEY,
            people=people,
            way=f"{self.way}:{target.subscription_id}",
        )
        quote_id = swap.prepare(by=actor, choice=choice, at=at)
        quote = swap.prepared(by=actor, quote_id=quote_id, at=at)
        left = source.seats - (grounds.PEOPLE_A_CASE if self.way == "merge" else 0)
        return jobs.Wanted(
            plan={"what": "swap", "quote_id": str(quote_id), "idempotency_key": quote.idempotency_key},
            tenant=customer,
            vendor_subscription_id=source.vendor_subscription_id,
            shows={"quantity": left},
            facts={"people": people, "quote_id": quote_id},
        )

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """Each person was changed once at most, in one step from plan to plan, and ours and theirs agree."""
        from seatwright.access.actors import SYSTEM
        from seatwright.orders import queries as orders
        from seatwright.subscriptions import queries as holdings

        found = people_wronged(news, people=wanted.facts["people"])
        for person in wanted.facts["people"]:
            held = licences(world, wanted.tenant, person)
            if held != {worlds.STANDARD}:
                found.append(f"{person} ends with {sorted(held)}")
        order_id = orders.quote(seen_by=SYSTEM, quote_id=wanted.facts["quote_id"]).order_id
        state = "none" if order_id is None else orders.order(seen_by=SYSTEM, order_id=order_id).state
        found += [f"the order is {state}"] if state != "done" else []
        drifts = holdings.open_drifts(seen_by=SYSTEM)
        return found + ([f"{len(drifts)} drifts"] if drifts else [])


def people_wronged(news: jobs.News, *, people: tuple[str, ...]) -> list[str]:
    """Whom the vendor's log shows without either plan at any moment, changed or asked for twice, or unasked."""
    plans = {worlds.BASIC, worlds.STANDARD}
    changes = [each for each in news.effects if each["kind"] == "licences_assigned"]
    found = [f"{each['subject']} was left without" for each in changes if not plans & set(each["after"])]
    sent = Counter(
        each["path"]
        for each in news.calls
        if each["path"].endswith("/assignLicense") and "before_effect" not in each["fault"]
    )
    found += [f"{path} was sent {count} times" for path, count in sent.items() if count > 1]
    changed = Counter(each["subject"] for each in changes)
    found += [f"{person} was changed {count} times" for person, count in changed.items() if count > 1]
    return found + [f"{person} was not asked for" for person in sorted(set(changed) - set(people))]


class Merge(Swap):
    """The same by the vendor's own transition, into a subscription that is there."""

    way = "merge"
    write = {"method": "POST", "path": "/transitions$", "nth": 1, "times": 1}

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """And there was one transition."""
        found = super().wrong(world, wanted, news)
        accepted = sum(each["kind"] == "transition.accepted" for each in news.effects)
        return found + ([f"{accepted} transitions"] if accepted != 1 else [])


def licences(world: worlds.World, customer: str, person: str) -> set[str]:
    """What the vendor's directory shows of the person now."""
    import httpx2

    token = world.simulator.token(audience="https://graph.microsoft.com", tenant_id=worlds.tenant_id(customer))
    answer = httpx2.get(
        f"{world.simulator.base_url}/v1.0/users/{person}?$select=assignedLicenses",
        headers={"Authorization": f"Bearer {token}"},
    )
    return {each["skuId"] for each in answer.json()["assignedLicenses"]}


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
    "swap": Swap,
    "merge": Merge,
    "end": End,
    "sheet": Sheet,
    "alarm": Alarm,
    "agreement": Agreement,
}
