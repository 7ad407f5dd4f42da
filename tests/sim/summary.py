"""What many worlds came to."""

import dataclasses
from collections import Counter

from tests.sim import runner


@dataclasses.dataclass
class Summary:
    """Figures over all outcomes; `failed` are those that violated an invariant."""

    years: float = 0.0
    worlds: int = 0
    mutations: int = 0
    actions: int = 0
    calls: int = 0
    took_s: float = 0.0
    fired: Counter[str] = dataclasses.field(default_factory=Counter)
    failed: list[runner.Outcome] = dataclasses.field(default_factory=list)

    def add(self, outcome: runner.Outcome) -> None:
        self.years += outcome.plan.years
        self.worlds += 1
        self.mutations += outcome.mutations
        self.actions += outcome.actions
        self.calls += outcome.vendor_calls
        self.took_s += outcome.took_s
        self.fired += outcome.fired
        if outcome.violation:
            self.failed.append(outcome)

    def told(self) -> str:
        """The table, with every kind of fault by how often it fired."""
        fired = ", ".join(f"{kind} {count}" for kind, count in sorted(self.fired.items()))
        return (
            f"simulation: {self.years:.0f} customer-years in {self.worlds} worlds, {self.mutations} changes,"
            f" {self.actions} actions, {self.calls} vendor calls, {self.took_s:.0f} s of processor time;"
            f" violations: {len(self.failed)}\n  fired: {fired}"
        )
