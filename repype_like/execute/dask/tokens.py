"""What there is a limited number of besides workers: GPUs, licences, and whatever stages name in their resources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from repype_like.errors import RepypeError
from repype_like.execute.budget import Needs

__all__ = ["Tokens"]


class Tokens:
    """Keeps account of what batches hold.

    What workers offer as resources of Dask is for Dask to give away: each worker has its own. All else is there once
    for the whole cluster, such as licences.

    Arguments:
        available: How many there are in the whole cluster; one of everything that is not here.
        offered: Gives the most that any worker offers, by name; asked when it is needed.
    """

    def __init__(self, available: Mapping[str, float], offered: Callable[[], Mapping[str, float]]):
        self._available = available
        self._offered = offered
        self._held: dict[int, Mapping[str, float]] = {}

    def fit(self, needs: Mapping[str, float]) -> bool:
        """Tell whether a batch that needs these may begin."""
        used: defaultdict[str, float] = defaultdict(float)
        for held in self._held.values():
            for name, amount in held.items():
                used[name] += amount
        return all(used[name] + amount <= self._available.get(name, 1.0) or not used[name]
                   for name, amount in self._scarce(needs).items())

    def take(self, batch: int, needs: Needs) -> dict[str, float]:
        """Have a batch hold what it needs, and return what it needs of its worker.

        Cores and memory are asked for only where workers offer them by these names.

        Raises:
            RepypeError: If no worker offers as much.
        """
        scarce = self._scarce(needs.tokens)
        wanted = {name: amount for name, amount in needs.tokens.items() if name not in scarce}
        own = {"cpus": float(needs.cpus if needs.cpus > 1 else 0), "memory": float(needs.memory)}
        wanted.update((name, amount) for name, amount in own.items() if amount and name in self._offered())
        for name, amount in wanted.items():
            most = self._offered()[name]
            if amount > most:
                raise RepypeError(f"a stage needs {name}={amount:g}, and no worker offers more than {most:g}; start "
                                  f'one with: dask worker --resources "{name}={amount:g}"')
        self._held[batch] = scarce
        return wanted

    def give_back(self, batch: int) -> None:
        """Have a batch hold nothing any more."""
        self._held.pop(batch, None)

    def _scarce(self, needs: Mapping[str, float]) -> Mapping[str, float]:
        """Return those that no worker offers."""
        if not needs:
            return needs
        offered = self._offered()
        return {name: amount for name, amount in needs.items() if name not in offered}
