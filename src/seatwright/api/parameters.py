"""Query parameters are exactly those of the operation, each at most once (S12, S28)."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from seatwright.api import inputs, problems
from seatwright.api.errors import Fault

Operation = Callable[..., Any]


def exact(operation: Operation) -> Operation:
    """The operation, refusing parameters that it does not know or that are doubled; runs after authentication."""
    known = inputs.QUERY_NAMES & inspect.signature(operation).parameters.keys()

    @functools.wraps(operation)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        faults = [
            Fault(location="query", field=name, code=code, detail="Send each known parameter once and no other.")
            for name, values in request.GET.lists()
            for code in (["unknown_parameter"] if name not in known else ["given_twice"] if len(values) > 1 else [])
        ]
        if faults:
            raise problems.Invalid(*faults)
        return operation(request, *args, **kwargs)

    return answer
