"""SuiteQL into the engine's SQL: parsed as Oracle's dialect, checked, and rewritten once a query text."""

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sandbox.netsuite.suiteql.refused import QueryRefused
from sandbox.netsuite.suiteql.rewriting import Rewriter
from sandbox.netsuite.suiteql.rownum import aggregates
from sandbox.netsuite.suiteql.tables import Catalogue

# Other databases' words that the engine would take and SuiteQL does not.
_FOREIGN = re.compile(
    r"\b(IFNULL|ISNULL|NOW|GETDATE|STRFTIME|DATE_FORMAT|JULIANDAY|CURRENT_DATE|CURRENT_TIMESTAMP|LIMIT|TOP|ILIKE|"
    r"GROUP_CONCAT|STRING_AGG|IIF|PRAGMA|ATTACH|ROWID)\b",
    re.IGNORECASE,
)
MOST_ROWS = 100_000
_TEXT_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Translated:
    """SQL for the engine with :p1, :p2 ... for the query's question marks, and the tables it reads.

    `counted` counts the rows without making them, and `sql` is cut by :limit and :offset then. There is none where that
    cannot be done (sums, groups, ROWNUM): all rows are made.
    """

    sql: str
    counted: str | None
    parameters: int
    tables: frozenset[str]


def translate(query: str, catalogue: Catalogue) -> Translated:
    """Raises QueryRefused."""
    foreign = _FOREIGN.search(_TEXT_OR_COMMENT.sub("''", query))
    if foreign:
        raise QueryRefused(f"Invalid or unsupported search near '{foreign[0]}'.")
    try:
        statements = sqlglot.parse(query.strip().rstrip(";"), read="oracle")
    except SqlglotError:
        raise QueryRefused("Invalid or unsupported search.") from None
    tree = statements[0] if len(statements) == 1 else None
    if not isinstance(tree, exp.Query):
        raise QueryRefused("Invalid or unsupported search.")
    tables = _check_tables(tree, catalogue)
    _check_groups(tree)
    count = _number_parameters(tree)
    tree = Rewriter(catalogue).rewrite(tree)
    counted = _counted(tree)
    if counted is not None:
        tree = tree.limit(exp.Placeholder(this="limit")).offset(exp.Placeholder(this="offset"))
    return Translated(_written(tree), None if counted is None else _written(counted), count, tables)


def _written(tree: exp.Query) -> str:
    try:
        return tree.sql("sqlite", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as wrong:
        raise QueryRefused(f"Invalid or unsupported search ({wrong}).") from None


_MADE_TOGETHER = ("distinct", "group", "having", "limit", "offset", "with", "with_")


def _counted(tree: exp.Query) -> exp.Select | None:
    """A count of a plain select's rows, up to the most that a query gives; None for any other query."""
    plain = isinstance(tree, exp.Select) and not any(tree.args.get(part) for part in _MADE_TOGETHER)
    if not plain or any(one.find(exp.AggFunc, exp.Window) for one in tree.expressions):
        return None
    rows = tree.copy()
    rows.set("order", None)
    rows.set("expressions", [exp.Literal.number(1)])
    return exp.select(exp.Count(this=exp.Star())).from_(rows.limit(MOST_ROWS).subquery("counted"))


def _check_tables(tree: exp.Query, catalogue: Catalogue) -> frozenset[str]:
    made_here = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    found = set()
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if name not in catalogue.tables and name not in made_here:
            raise QueryRefused(f"Record '{table.name}' was not found.", unknown_table=table.name)
        found.add(name)
    return frozenset(found - made_here)


def _check_groups(tree: exp.Query) -> None:
    """Oracle takes no plain column beside an aggregate unless it is grouped by; the engine would pick any row."""
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        grouped = {said for one in group.expressions for said in _spellings(one)} if group else set()
        if not group and not any(aggregates(one) for one in select.expressions):
            continue
        for projected in select.expressions:
            plain = projected.unalias()
            if _spellings(plain) & grouped:
                continue
            for column in plain.find_all(exp.Column):
                inside = column.find_ancestor(exp.AggFunc, exp.Subquery, exp.Select)
                if inside is select and not _under_grouped(column, grouped, select):
                    raise QueryRefused("Invalid or unsupported search: not a GROUP BY expression.")


def _spellings(node: exp.Expr) -> set[str]:
    """`t.item` and `item` are the same column to Oracle."""
    bare = {node.name.lower()} if isinstance(node, exp.Column) else set()
    return {node.sql().lower(), *bare}


def _under_grouped(column: exp.Column, grouped: set[str], select: exp.Select) -> bool:
    node: exp.Expr | None = column
    while node is not None and node is not select:
        if _spellings(node) & grouped:
            return True
        node = node.parent
    return False


def _number_parameters(tree: exp.Query) -> int:
    """Question marks get numbers in the order they are written, before anything is moved."""
    count = 0
    for node in tree.walk(bfs=False):
        if isinstance(node, exp.Placeholder):
            count += 1
            node.set("this", f"p{count}")
    return count
