"""Plans that violated an invariant once, shrunk, under what happens in them; each runs in every `./dev test`.

Whether it was the product, the vendor simulator or the model that was wrong: it is right since. A new one is what
`python -m tests.sim --seed` prints.
"""

from typing import Any

from tests.sim import plans

PATIENT: dict[str, Any] = {"renewal_delay_s": 600, "pool_lag_s": 0, "dedupe": True, "reduce_first": "earliest"}
FOUND = {
    "04: a longer term begins in a cycle that was charged before the product came": plans.Plan(
        seed=300,
        customers=(1,),
        days=200,
        vendor={**PATIENT, "extended_auto_renews": False},
        actions=(
            ("sync_all",),
            ("work", 6, 3600),
            ("change_term", 1, 0.5399, 0.4441),
            ("work", 3, 10),
            ("pass", 5902882),
            ("calm",),
        ),
    ),
    "04: several terms go by unread and fewer seats begin with the first of them": plans.Plan(
        seed=301,
        customers=(0,),
        days=200,
        vendor={**PATIENT, "extended_auto_renews": False},
        actions=(
            ("pass", 5145279),
            ("calm",),
            ("pass", 4296515),
            ("wish_seats", 0, 0.1235, 0, -6),
            ("pass", 376124),
            ("wish_term", 0, 0.1324, 0.1093),
            ("work", 3, 10),
            ("pass", 7462080),
            ("calm",),
        ),
    ),
    "09: extended service is wished for before there was any": plans.Plan(
        seed=307,
        customers=(1,),
        days=200,
        vendor={**PATIENT, "renewal_delay_s": 0, "extended_auto_renews": True},
        actions=(
            ("sync", 1),
            ("work", 8, 60),
            ("wish_ending", 1, 0.9878, 0.8202),
            ("work", 3, 10),
            ("pass", 1312423),
            ("sync", 1),
            ("work", 8, 60),
            ("calm",),
        ),
    ),
    "09: a licence is read for the first time while its extended service runs": plans.Plan(
        seed=304,
        customers=(0,),
        days=200,
        vendor={**PATIENT, "renewal_delay_s": 7200, "extended_auto_renews": True},
        actions=(
            ("pass", 10938419),
            ("foreign_auto_renew", 0, 0.3712),
            ("pass", 2578992),
            ("sync_all",),
            ("work", 8, 60),
            ("calm",),
        ),
    ),
    "25: months that began on a 31st go by unread": plans.Plan(
        seed=1016,
        customers=(1,),
        days=365,
        vendor={**PATIENT, "extended_auto_renews": False},
        actions=(("sync_all",), ("work", 6, 3600), ("pass", 16863947), ("calm",)),
    ),
    "25: a person loses the old licence elsewhere, unread, before the swap is ordered": plans.Plan(
        seed=10227,
        customers=(3,),
        days=365,
        vendor={
            **PATIENT,
            "renewal_delay_s": 0,
            "pool_lag_s": 120,
            "reduce_first": "newest",
            "extended_auto_renews": False,
        },
        actions=(
            ("sync_all",),
            ("work", 6, 3600),
            ("unassign", 3, 0.4411),
            ("swap", 3, 0.2524, 0.0196, 20),
            ("work", 12, 300),
        ),
    ),
    "25: one of two people to move lost the licence elsewhere": plans.Plan(
        seed=10186,
        customers=(0, 1, 2, 3, 4),
        days=365,
        vendor={**PATIENT, "renewal_delay_s": 86400, "dedupe": False, "extended_auto_renews": False},
        actions=(
            ("sync_all",),
            ("work", 6, 3600),
            ("unassign", 0, 0.9172),
            ("buy", 1, 0.0086, 0.4347, 4),
            ("assign", 0, 0.1821, 0.3746, 20),
            ("assign", 0, 0.1971, 0.45135, 1),
            ("calm",),
            ("unassign", 1, 0.6542),
            ("swap", 1, 0.3179, 0.5099, 3),
            ("swap", 0, 0.4736, 0.1447, 2),
            ("work", 1, 0),
            ("work", 1, 0),
        ),
    ),
}
