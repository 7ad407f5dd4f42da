"""What must become of renewal sheets: who said what in time decides, silence brings the default, and nothing else does.

Invariant 15: a line is decided once, by its owner's answer or by the default after the deadline, never by both; what it
came to stands as the wish, and nothing said later changes it. Invariant 25: at the renewal the vendor does that very
thing, unless somebody wished, ordered or changed something else since.
"""

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.models import Model
    from tests.sim.records import News

DECIDED = ("answered", "defaulted", "standing", "left", "ended")
LINE_COLUMNS = ("id", "sheet_id", "subscription_id", "renews_on", "facts", "wishes", "state", "choice", "seats", "note")
LINE_COLUMNS += ("term_minor", "decided_by", "decided_at")
BY_DEFAULT = {"keep": ("keep",), "reduce": ("reduce", "keep"), "cancel": ("cancel",), "nothing": ()}
NO_PLAN = ("", "")
# The product's clock may be behind by this much.
MEANWHILE = dt.timedelta(seconds=5)
OVER = ("subscription.deleted", "subscription.expired")
ENDS = ("subscription.renewed", "subscription.extended", *OVER)


@dataclasses.dataclass(kw_only=True)
class Asked:
    """A sheet as it was sent, and its lines as they were last seen; `content` is frozen once it is closed."""

    default: str
    deadline_at: dt.datetime
    lines: dict[uuid.UUID, dict[str, Any]]
    state: str = "sent"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agreed:
    """What the renewal on `renews_on` is to bring, decided at `at`.

    `plan` is the term with its billing plan, empty where it was not decided; `seats` are the most where it was not.
    """

    renews_on: dt.date
    ends: bool
    held_seats: int
    seats: int
    plan: tuple[str, str]
    at: dt.datetime


class Sheets:
    """Every sheet that was sent, what owners said, and what was agreed for each subscription's next renewal."""

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._asked: dict[uuid.UUID, Asked] = {}
        self._said: dict[uuid.UUID, list[tuple[str, int]]] = {}
        self._taken: dict[uuid.UUID, tuple[str, int]] = {}
        self._agreed: dict[uuid.UUID, Agreed] = {}
        self._touched_at: dict[uuid.UUID, dt.datetime] = {}

    def sent(self, sheet: Any) -> None:
        self._asked[sheet.sheet_id] = Asked(
            default=sheet.default,
            deadline_at=sheet.deadline_at,
            lines={line.line_id: {"state": "open", "facts": dict(line.facts)} for line in sheet.lines},
        )

    def said(self, sheet: Any, said: Mapping[uuid.UUID, Any], *, at: dt.datetime) -> None:
        """An owner chooses; what becomes of it is not known yet."""
        if at >= sheet.deadline_at:
            return
        for line in sheet.lines:
            if line.subscription_id in said and line.line_id not in self._taken:
                self._said.setdefault(line.line_id, []).append(self._choice(line, said[line.subscription_id]))

    def taken(self, sheet: Any, subscription_ids: Collection[uuid.UUID]) -> None:
        """What was said last for these was accepted, and holds from now on."""
        for line in sheet.lines:
            if line.subscription_id in subscription_ids and self._said.get(line.line_id):
                self._taken.setdefault(line.line_id, self._said[line.line_id][-1])

    @staticmethod
    def _choice(line: Any, answer: Any) -> tuple[str, int]:
        offered = next(option["seats"] for option in line.options if option["key"] == answer.option)
        return answer.option, int(offered if answer.seats is None else answer.seats)

    def touch(self, subscription_id: uuid.UUID) -> None:
        """Somebody does something else with the licence, so that its renewal is theirs again."""
        self._agreed.pop(subscription_id, None)
        self._touched_at[subscription_id] = self._model.world.at

    def was_touched(self, subscription_id: uuid.UUID, *, since: dt.datetime) -> bool:
        """Whether somebody did, later than that."""
        return self._touched_at.get(subscription_id, since) > since + MEANWHILE

    def promise(self, subscription_id: uuid.UUID, agreed: Agreed) -> None:
        """The renewal is to bring that, told to the vendor like what a sheet decides."""
        self._agreed[subscription_id] = agreed

    def touch_at_vendor(self, path: str) -> None:
        """Another console changes the licence of this address."""
        for key, held in self._model.held.items():
            if path.endswith(f"/{held.vendor_id}"):
                self.touch(key)

    def next_deadline(self, *, until: dt.datetime) -> dt.datetime | None:
        """The first deadline not after `until` of a sheet that is not known to be closed."""
        ends = [each.deadline_at for each in self._asked.values() if each.state == "sent"]
        return min((each for each in ends if each <= until), default=None)

    # After every step

    def check(self, news: "News") -> None:
        """Hold the sheets against what was said, before wishes are looked at: what was decided is no surprise there."""
        self._require_as_agreed(news)
        if not self._asked:
            return
        open_ids = [sheet_id for sheet_id, asked in self._asked.items() if asked.state == "sent"]
        if open_ids:
            states = {
                row["id"]: row["state"] for row in self._model.rows("RenewalSheet", "id", "state", pk__in=open_ids)
            }
            for row in self._model.rows("RenewalSheetLine", *LINE_COLUMNS, sheet_id__in=open_ids):
                self._look_at(self._asked[row["sheet_id"]], row, news)
            for sheet_id, state in states.items():
                self._asked[sheet_id].state = state
                self._require_closed_rightly(self._asked[sheet_id])

    def _look_at(self, asked: Asked, row: dict[str, Any], news: "News") -> None:
        before = asked.lines[row["id"]]
        asked.lines[row["id"]] = row
        if before["state"] in DECIDED:
            self._model.require(row == before, "15: a line that was decided is decided again")
            return
        state, chosen = row["state"], (row["choice"], row["seats"])
        if row["id"] in self._taken:
            self._model.require(
                state == "answered" and chosen == self._taken[row["id"]],
                f"15: {self._taken[row['id']]} was answered, the line is {state} with {chosen}",
            )
        if state in ("answering", "answered"):
            self._model.require(chosen in self._said.get(row["id"], []), f"15: nobody answered {chosen}")
        if state == "defaulted":
            self._require_default(asked, row)
        if state in ("answered", "defaulted"):
            self._agree(row, news)

    def _require_default(self, asked: Asked, row: dict[str, Any]) -> None:
        require = self._model.require
        require(self._model.world.now() >= asked.deadline_at, "25: a default is applied before the deadline")
        require(row["choice"] in BY_DEFAULT[asked.default], f"15: {row['choice']} is applied for {asked.default}")
        require(row["seats"] <= row["facts"]["seats"], "15: a default brings more seats")

    def _agree(self, row: dict[str, Any], news: "News") -> None:
        """The line is decided: its wish stands at once, exactly, and the renewal is to bring it."""
        key, facts = row["subscription_id"], row["facts"]
        kind, _, plan = row["choice"].partition(":")
        term, _, billing_plan = plan.partition(":")
        wished: dict[str, Any] = {"ending": "cancel"} if kind == "cancel" else {}
        if kind == "reduce" and row["seats"] < facts["seats"]:
            wished["quantity"] = {"total": row["seats"], "is_settled": False}
        if kind == "change":
            wished |= {"term": term} if term != facts["term"] else {}
            wished |= {"billing_plan": billing_plan} if billing_plan != facts["billing_plan"] else {}
        is_alone = self._is_alone(key, news)
        if is_alone:
            stands = next(iter(news.wishes.get(key, {}).values()), {})
            stands = {name: value for name, value in stands.items() if (name, value) != ("ending", "renew")}
            is_so = stands == wished or (kind == "cancel" and not stands and self._ends_anyway(key))
            self._model.require(is_so, f"15: {row['choice']} is {row['state']}, the wish is {stands}")
        names = ("quantity", "offer", "term", "billing_plan", "end_date", "ending")
        touched = self._model.touched_wishes.setdefault(key, [])
        touched += [(name, None) for name in names if name not in wished] + list(wished.items())
        self._model.world.did[f"line {row['state']}"] += 1
        self._agreed.pop(key, None)
        if is_alone and key not in self._model.leaving:
            self._agreed[key] = Agreed(
                renews_on=row["renews_on"],
                ends=kind == "cancel",
                held_seats=facts["seats"],
                seats=row["seats"] if kind == "reduce" else facts["seats"],
                plan=(term, billing_plan) if kind == "change" else (facts["term"], facts["billing_plan"]),
                at=self._model.world.now(),
            )

    def _ends_anyway(self, key: uuid.UUID) -> bool:
        """Whether the term ends without a wish, as the vendor was last read."""
        (row,) = self._model.rows("Subscription", "auto_renew", "vendor_end_of_term", pk=key)
        return row["vendor_end_of_term"] == "cancel" or not row["auto_renew"]

    def _is_alone(self, key: uuid.UUID, news: "News") -> bool:
        """Whether nothing else happened to the licence since the last look that its wishes could come from."""
        is_renewed = any(term["subscription_id"] == key for term in news.terms)
        return not is_renewed and not any(entry["subscription_id"] == key for entry in news.entries)

    def _require_closed_rightly(self, asked: Asked) -> None:
        if asked.state in ("sent", "withdrawn"):
            return
        states = {row["state"] for row in asked.lines.values()}
        self._model.require(states <= set(DECIDED), f"20: a sheet is {asked.state} with lines {states}")
        is_early = self._model.world.now() < asked.deadline_at
        self._model.require(
            not is_early or states <= {"answered", "ended"}, f"25: a sheet is {asked.state} before its deadline"
        )

    def _require_as_agreed(self, news: "News") -> None:
        """What the vendor did at the end of a term is what was agreed, where it was told so in time."""
        if not self._agreed:
            return
        subjects = {self._model.held[key].vendor_id: key for key in self._agreed}
        for effect in news.effects:
            key = subjects.get(effect["subject"])
            if key is None or key not in self._agreed or effect["kind"] not in ENDS:
                continue
            before, after, agreed = json.loads(effect["before"]), json.loads(effect["after"]), self._agreed.pop(key)
            ends_at = dt.datetime.fromisoformat(before["termEndsAt"])
            is_same = ends_at.date() == agreed.renews_on and before["quantity"] == agreed.held_seats
            if not is_same or not self._was_told(key, agreed, ends_at):
                continue
            self._model.world.did["renewed as agreed"] += 1
            if agreed.ends:
                self._model.require(effect["kind"] in OVER, f"25: {effect['kind']}, though its end was agreed")
                continue
            if agreed.plan == NO_PLAN:
                is_so = effect["kind"] in OVER or after["quantity"] <= agreed.seats
                self._model.require(is_so, f"25: {after['quantity']} seats renew, {agreed.seats} were to be left")
                continue
            brought = (effect["kind"], after["quantity"], (after["termDuration"], after["billingCycle"]))
            wanted = (ENDS[0], agreed.seats, agreed.plan)
            self._model.require(brought == wanted, f"25: the renewal brought {brought}, agreed was {wanted}")

    def _was_told(self, key: uuid.UUID, agreed: Agreed, ends_at: dt.datetime) -> bool:
        """Whether an operation that read it back told the vendor so after it was agreed and before the term's end."""
        columns = ("intent", "progress", "state", "created_at", "finished_at")
        rows = self._model.rows("Operation", *columns, kind="apply_schedule")
        own = [row for row in rows if row["intent"]["subscription_id"] == str(key)]
        last = max(own, key=lambda row: row["created_at"], default=None)
        is_told = last is not None and last["state"] == "done" and "decision" not in last["progress"]
        return is_told and last is not None and agreed.at <= last["finished_at"] < ends_at

    # When nothing is under way

    def calm(self) -> None:
        """Every sheet whose deadline is past is closed, and closed ones are as they were."""
        now = self._model.world.now()
        for asked in self._asked.values():
            self._model.require(asked.state != "sent" or now < asked.deadline_at, "20: a sheet is left open")
        closed = [sheet_id for sheet_id, asked in self._asked.items() if asked.state not in ("sent", "withdrawn")]
        for row in self._model.rows("RenewalSheetLine", *LINE_COLUMNS, sheet_id__in=closed) if closed else []:
            self._model.require(row == self._asked[row["sheet_id"]].lines[row["id"]], "15: a closed line is changed")
        kept = {row["sheet_id"] for row in self._model.rows("RenewalSheetRecord", "sheet_id", sheet_id__in=closed)}
        self._model.require(set(closed) <= kept, "28: a closed sheet has no record of who decided")
