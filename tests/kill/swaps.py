"""Swaps of the next people of a customer by every way: free seats, seats bought, and the vendor's three transitions."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from tests.kill import grounds, jobs
from tests.stories import world as worlds

STANDARD_KEY = "CFQ7TTC0LDPB:0001"


class Swap(jobs.Job):
    """The next two people of a customer go from one plan to the other; nobody is ever without one of the two."""

    by = "north_owner"
    way = "more"
    write: ClassVar[Mapping[str, Any]] = {"method": "POST", "path": "/assignLicense", "nth": 1, "times": 1}

    def way_in(self, world: worlds.World, customer: str) -> str:
        """The way as the product names it."""
        return f"{self.way}:{world.holding(customer, worlds.STANDARD).subscription_id}"

    def shows(self, source: Any) -> Mapping[str, Any]:
        """The old subscription at the vendor in the end: its seats are bound to the term and leave with the renewal."""
        return {"quantity": source.seats}

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> jobs.Wanted:
        from seatwright.workflows import swap, swap_plan

        actor = world.actor(self.by)
        place, number = divmod(self.count - 1, grounds.CASES_A_MOVER[self.way])
        customer = f"{self.way}{place}"
        source = world.holding(customer, worlds.BASIC)
        first = 1 + number * grounds.PEOPLE_A_CASE
        people = tuple(grounds.person_key(customer, first + more) for more in range(grounds.PEOPLE_A_CASE))
        choice = swap_plan.Choice(
            subscription_id=source.subscription_id, to=STANDARD_KEY, people=people, way=self.way_in(world, customer)
        )
        quote_id = swap.prepare(by=actor, choice=choice, at=at)
        quote = swap.prepared(by=actor, quote_id=quote_id, at=at)
        return jobs.Wanted(
            plan={"what": "swap", "quote_id": str(quote_id), "idempotency_key": quote.idempotency_key},
            tenant=customer,
            vendor_subscription_id=source.vendor_subscription_id,
            shows=self.shows(source),
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


class Bought(Swap):
    """The same where the seats have to be bought first, each time as a subscription of its own."""

    way = "buy"
    write: Mapping[str, Any] = {"method": "POST", "path": "/checkout$", "nth": 1, "times": 1}
    has_cart = True

    def way_in(self, world: worlds.World, customer: str) -> str:
        """A purchase beside whatever was bought before."""
        return self.way


class Merge(Swap):
    """The same by the vendor's own transition, into a subscription that is there."""

    way = "merge"
    write: Mapping[str, Any] = {"method": "POST", "path": "/transitions$", "nth": 1, "times": 1}

    def shows(self, source: Any) -> Mapping[str, Any]:
        """The seats left with their people."""
        return {"quantity": source.seats - grounds.PEOPLE_A_CASE}

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """And there was one transition."""
        found = super().wrong(world, wanted, news)
        accepted = sum(each["kind"] == "transition.accepted" for each in news.effects)
        return found + ([f"{accepted} transitions"] if accepted != 1 else [])


class Partial(Merge):
    """The same into a new subscription that the vendor makes."""

    way = "partial"

    def way_in(self, world: worlds.World, customer: str) -> str:
        """The vendor's own way; that it is a partial one follows from the people who stay."""
        return "transition"


class Full(Partial):
    """The same with everybody: the subscription stays and holds another plan."""

    way = "full"

    def shows(self, source: Any) -> Mapping[str, Any]:
        """No seat is lost."""
        return {"quantity": source.seats}

    def wrong(self, world: worlds.World, wanted: jobs.Wanted, news: jobs.News) -> list[str]:
        """And the subscription in the books is the same with the new plan."""
        row = world.holding(wanted.tenant, worlds.STANDARD)
        found = super().wrong(world, wanted, news)
        is_same = row.vendor_subscription_id == wanted.vendor_subscription_id
        return found if is_same else [*found, f"the new plan is held by {row.vendor_subscription_id}"]


def licences(world: worlds.World, customer: str, person: str) -> set[str]:
    """What the vendor's directory shows of the person now."""
    import httpx2

    token = world.simulator.token(audience="https://graph.microsoft.com", tenant_id=worlds.tenant_id(customer))
    answer = httpx2.get(
        f"{world.simulator.base_url}/v1.0/users/{person}?$select=assignedLicenses",
        headers={"Authorization": f"Bearer {token}"},
    )
    return {each["skuId"] for each in answer.json()["assignedLicenses"]}
