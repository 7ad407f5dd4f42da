"""The columns of whole rows, worked out once for each table of a world instead of once for each query.

Django compiles the list of a table's columns and their conversions anew for every query, with the same outcome each
time; that is a sixth of a simulated world's time. Only queries for plain whole rows are answered from memory.
"""

import contextlib
import operator
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

from django.db.models.sql.compiler import SQLCompiler

NOTHING_DEFERRED = (frozenset[str](), True)
NOT_KNOWN: tuple[list[Any], dict[int, Any]] = ([], {})


def _is_plain(compiler: SQLCompiler, *, with_col_aliases: bool) -> bool:
    """Whether the query asks for every column of one table and for nothing else."""
    query = compiler.query
    is_more = with_col_aliases or query.extra_select or query.annotation_select or query.select_related
    is_less = not query.default_cols or query.selected is not None or query.deferred_loading != NOTHING_DEFERRED
    return not (is_more or is_less or query.get_meta().parents)


@contextlib.contextmanager
def remembered() -> Iterator[None]:
    """Keep the columns within the block, which works on one database."""
    get_select, get_converters = SQLCompiler.get_select, SQLCompiler.get_converters
    selects: dict[tuple[Any, str], Any] = {}
    converters: dict[int, tuple[list[Any], dict[int, Any]]] = {}

    def select(self: SQLCompiler, with_col_aliases: bool = False) -> Any:
        if not _is_plain(self, with_col_aliases=with_col_aliases):
            return get_select(self, with_col_aliases)
        key = (self.query.model, self.query.get_initial_alias())
        if key not in selects:
            selects[key] = get_select(self, with_col_aliases)
            columns = [column for column, _sql, _alias in selects[key][0]]
            converters[id(columns[0])] = columns, get_converters(self, columns)
        rows, kinds, annotations = selects[key]
        return [*rows], {**kinds}, {**annotations}

    def convert(self: SQLCompiler, expressions: Iterable[Any]) -> Any:
        wanted = [*expressions]
        columns, found = converters.get(id(wanted[0]), NOT_KNOWN) if wanted else NOT_KNOWN
        is_same = len(columns) == len(wanted) > 0 and all(map(operator.is_, columns, wanted))
        return found if is_same else get_converters(self, wanted)

    with (
        mock.patch.object(SQLCompiler, "get_select", select),
        mock.patch.object(SQLCompiler, "get_converters", convert),
    ):
        yield
