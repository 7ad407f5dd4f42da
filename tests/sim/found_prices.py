"""Plans that violated an invariant once under price lists that change; as `found`."""

from tests.sim import plans, prices
from tests.sim.found import PATIENT

FOUND = {
    "01: seats come back inside a cycle that waited for its price, twice on one day": plans.Plan(
        seed=18,
        customers=(2,),
        days=365,
        zone="America/New_York",
        lists=(
            prices.Listed(from_day=144, percent=105, lacks=("O365_BUSINESS_PREMIUM",)),
            prices.Listed(from_day=319, percent=105, tier_from=6, tier_percent=90),
        ),
        vendor={**PATIENT, "renewal_delay_s": 86400, "extended_auto_renews": False},
        actions=(
            ("sync_all",),
            ("work", 6, 3600),
            ("pass", 884071),
            ("more", 2, 0.2964, 6),
            ("work", 1, 0),
            ("pass", 15088894),
            ("sync", 2),
            ("work", 8, 60),
            ("end", 2, 0.7664),
            ("price_list", 0),
            ("sync_all",),
            ("work", 8, 60),
        ),
    ),
    "09: a price list came into force between the order of a partial transition and its end": plans.Plan(
        seed=1222,
        customers=(1,),
        days=365,
        zone="America/Los_Angeles",
        lists=(prices.Listed(from_day=290, percent=300),),
        vendor={
            **PATIENT,
            "extended_auto_renews": True,
            "transition_s": 90000,
            "licence_transfer_s": 600,
            "transition_failure": "licences",
        },
        actions=(
            ("pass", 18025237),
            ("sync_all",),
            ("pass", 5985676),
            ("work", 25, 1800),
            ("pass", 1029887),
            ("transition", 1, 0.8648, 0.4591, 2),
            ("work", 8, 60),
            ("pass", 100000),
            ("work", 30, 7200),
        ),
    ),
}
