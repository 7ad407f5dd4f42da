"""The table of actions and roles: what each role may do, where, and that nothing is allowed by an empty list."""

import itertools
import uuid

import pytest

from seatwright.access import permissions
from seatwright.access.actors import CUSTOMER_ROLES, STAFF_ROLES, SYSTEM, Actor, Grant, Role, operator
from tests.access import roles_table

R1, R2 = uuid.UUID(int=1), uuid.UUID(int=2)
A, B, C = uuid.UUID(int=11), uuid.UUID(int=12), uuid.UUID(int=13)
PLACES = {"A": (R1, A), "B": (R1, B), "C": (R2, C), "R1": (R1, None), "R2": (R2, None)}
ACTIONS = sorted(permissions.ACTIONS)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", label="Somebody", user_id=1, grants=grants)


def at_home(role: Role) -> Grant:
    """The role where it belongs: at customer A, or at reseller R1."""
    return Grant(role=role, reseller_id=R1, customer_id=A if role in CUSTOMER_ROLES else None)


def answer(by: Actor, action: str, place: str) -> str:
    reseller_id, customer_id = PLACES[place]
    try:
        permissions.require(by=by, action=action, reseller_id=reseller_id, customer_id=customer_id)
    except permissions.NotAllowed:
        return "not allowed"
    except permissions.Unknown:
        return "unknown"
    return "allowed"


def test_s1_the_documented_table_is_the_one_in_force() -> None:
    assert roles_table.BEGIN + roles_table.rendered() + roles_table.END in roles_table.PAGE.read_text()


def test_every_action_says_what_it_lets_a_person_do_and_no_other_is_described() -> None:
    assert sorted(roles_table.MEANINGS) == ACTIONS


def test_every_role_belongs_to_customers_or_to_staff_and_not_to_both() -> None:
    assert set(Role) == CUSTOMER_ROLES | STAFF_ROLES
    assert not CUSTOMER_ROLES & STAFF_ROLES


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, ACTIONS)))
def test_a_role_may_do_what_the_table_says_at_home_and_nothing_anywhere_else(role: Role, action: str) -> None:
    by, is_marked = person(at_home(role)), role in permissions.ACTIONS[action]
    seen = {place: answer(by, action, place) for place in PLACES}
    at_own_places = "allowed" if is_marked else "not allowed"
    own = ("A",) if role in CUSTOMER_ROLES else ("A", "B", "R1")
    assert seen == {place: at_own_places if place in own else "unknown" for place in PLACES}


@pytest.mark.parametrize("action", ACTIONS)
def test_s7_nobody_is_allowed_anything_by_an_empty_list_of_grants(action: str) -> None:
    assert {answer(person(), action, place) for place in PLACES} == {"unknown"}


def test_s7_an_action_without_any_role_is_denied_to_every_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(permissions.ACTIONS, "nobody.may", frozenset())
    everybody = person(*(at_home(role) for role in Role))
    assert answer(everybody, "nobody.may", "A") == "not allowed"
    assert answer(person(), "nobody.may", "A") == "unknown"


def test_an_action_that_is_not_in_the_table_is_a_mistake_and_never_a_yes() -> None:
    with pytest.raises(KeyError):
        permissions.allowed(by=SYSTEM, action="seats.give_away", reseller_id=R1, customer_id=A)


def test_no_place_named_is_no_place_covered() -> None:
    for role in Role:
        by = person(at_home(role))
        assert not any(permissions.allowed(by=by, action=action) for action in ACTIONS)


def test_two_roles_at_two_customers_do_not_add_up_to_a_third_right() -> None:
    """Billing contact of A and licence admin of B: people of B may be seen, people of A may not."""
    by = person(
        Grant(role=Role.BILLING_CONTACT, reseller_id=R1, customer_id=A),
        Grant(role=Role.LICENCE_ADMIN, reseller_id=R1, customer_id=B),
    )
    assert answer(by, "people.view", "A") == "not allowed"
    assert answer(by, "people.view", "B") == "allowed"
    assert answer(by, "people.view", "R1") == "unknown"


def test_no_customer_role_reaches_an_action_of_the_staff() -> None:
    for action in ("staff.customers", "staff.queue", "operations.settle", "catalogue.import", "clock.advance"):
        assert permissions.ACTIONS[action] <= STAFF_ROLES


def test_an_employee_may_do_nothing_yet() -> None:
    assert [action for action in ACTIONS if Role.EMPLOYEE in permissions.ACTIONS[action]] == []


def test_the_filter_of_rows_agrees_with_the_question_for_one_object() -> None:
    """`visible_rows` names exactly the places at which `allowed` says yes, for every pair of roles and every action."""
    grants = [at_home(role) for role in Role]
    for action, pair in itertools.product(ACTIONS, itertools.combinations(grants, 2)):
        by = person(*pair)
        shown = dict(permissions.visible_rows(seen_by=by, action=action).children)
        for reseller_id, customer_id in ((R1, A), (R1, B), (R2, C)):
            passes = reseller_id in shown["reseller_id__in"] or customer_id in shown["customer_id__in"]
            assert passes == permissions.allowed(
                by=by, action=action, reseller_id=reseller_id, customer_id=customer_id
            ), (action, pair)


def test_an_empty_list_of_grants_shows_no_row_and_only_the_system_is_unfiltered() -> None:
    shown = dict(permissions.visible_rows(seen_by=person(), action="licences.view").children)
    assert shown == {"reseller_id__in": [], "customer_id__in": []}
    assert not permissions.visible_rows(seen_by=SYSTEM, action="licences.view")
    assert not permissions.visible_rows(seen_by=operator(label="root"), action="licences.view")


@pytest.mark.parametrize("kind", ["user", "", "System", "system ", "admin", "anonymous"])
def test_only_the_two_kinds_of_the_product_itself_are_unbound(kind: str) -> None:
    by = Actor(kind=kind, label="system")
    assert not by.is_system
    assert answer(by, "licences.view", "A") == "unknown"
