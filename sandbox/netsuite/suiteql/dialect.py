"""SuiteQL into the engine's SQL: parsed as Oracle's dialect, checked, and rewritten once a query text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sandbox.netsuite.suiteql.tables import Catalogue, Column, physical

# Other databases' words that the engine would take and SuiteQL does not.
_FOREIGN = re.compile(
    r"\b(IFNULL|ISNULL|NOW|GETDATE|STRFTIME|DATE_FORMAT|JULIANDAY|CURRENT_DATE|CURRENT_TIMESTAMP|LIMIT|TOP|ILIKE|"
    r"GROUP_CONCAT|STRING_AGG|IIF|PRAGMA|ATTACH|ROWID)\b",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEXT_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_DATE_MAKERS = ("ns_to_date", "ns_sysdate", "ns_add_months")
# Functions by the name a query gives them, where SQLGlot leaves them as they are; and as SQLGlot's own classes.
_OURS = {
    "add_months": "ns_add_months",
    "to_number": "ns_to_number",
    "to_char": "ns_to_char",
    "to_date": "ns_to_date",
    "to_timestamp": "ns_to_date",
    "trunc": "ns_trunc",
}
_TAKEN_AS_THEY_ARE = (
    exp.Abs, exp.And, exp.Avg, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Count, exp.DecodeCase, exp.Exists,
    exp.Floor, exp.If, exp.Initcap, exp.Lag, exp.Lead, exp.Length, exp.Lower, exp.Max, exp.Min, exp.Mod, exp.Nullif,
    exp.Nvl2, exp.Or, exp.Pad, exp.Pow, exp.Rank, exp.Replace, exp.Round, exp.RowNumber, exp.Sign, exp.Sqrt,
    exp.StrPosition, exp.Substring, exp.Sum, exp.Trim, exp.Upper,
)  # fmt: skip


class QueryRefused(Exception):
    """A query SuiteQL would not take. `unknown_table` and `unknown_column` say which word, where it is one."""

    def __init__(self, words: str, *, unknown_table: str = "", unknown_column: str = "") -> None:
        super().__init__(words)
        self.unknown_table = unknown_table
        self.unknown_column = unknown_column


@dataclass(frozen=True)
class Translated:
    """SQL for the engine with :p1, :p2 ... for the query's question marks, and the tables it reads."""

    sql: str
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
    tree = _Rewriter(catalogue).rewrite(tree)
    try:
        sql = tree.sql("sqlite", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as wrong:
        raise QueryRefused(f"Invalid or unsupported search ({wrong}).") from None
    return Translated(sql, count, tables)


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
        grouped = {one.sql().lower() for one in group.expressions} if group else set()
        if not group and not any(_aggregates(one) for one in select.expressions):
            continue
        for projected in select.expressions:
            plain = projected.unalias()
            if plain.sql().lower() in grouped:
                continue
            for column in plain.find_all(exp.Column):
                inside = column.find_ancestor(exp.AggFunc, exp.Subquery, exp.Select)
                if inside is select and not _under_grouped(column, grouped, select):
                    raise QueryRefused("Invalid or unsupported search: not a GROUP BY expression.")


def _under_grouped(column: exp.Column, grouped: set[str], select: exp.Select) -> bool:
    node: exp.Expr | None = column
    while node is not None and node is not select:
        if node.sql().lower() in grouped:
            return True
        node = node.parent
    return False


def _aggregates(projected: exp.Expr) -> bool:
    return any(
        one.find_ancestor(exp.Window) is None and one.find_ancestor(exp.Subquery) is None
        for one in projected.find_all(exp.AggFunc)
    )


def _number_parameters(tree: exp.Query) -> int:
    """Question marks get numbers in the order they are written, before anything is moved."""
    count = 0
    for node in tree.walk(bfs=False):
        if isinstance(node, exp.Placeholder):
            count += 1
            node.set("this", f"p{count}")
    return count


class _Rewriter:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def rewrite(self, tree: exp.Query) -> exp.Query:
        self._name_projections(tree)
        for dot in list(tree.find_all(exp.Dot)):
            self._builtin(dot)
        for node in reversed(list(tree.walk())):  # inner ones first
            written = self._function(node)
            if written is not node:
                node.replace(written)
        for select in list(tree.find_all(exp.Select)):
            self._rownum(select)
        for compared in list(tree.find_all(exp.Binary, exp.Between, exp.In)):
            self._dates(compared)
        for identifier in tree.find_all(exp.Identifier):
            if _PLAIN_NAME.fullmatch(identifier.name):
                identifier.set("this", physical(identifier.name.lower()))
                identifier.args["quoted"] = False
        return tree

    def _name_projections(self, tree: exp.Query) -> None:
        """What has no name is expr1, expr2 ..., by its place."""
        first: exp.Expr = tree
        while isinstance(first, exp.SetOperation):
            first = first.this
        if isinstance(first, exp.Subquery):
            first = first.unnest()
        named = []
        for place, one in enumerate(first.expressions, start=1):
            bare = isinstance(one, exp.Column | exp.Alias | exp.Star) or one.alias
            named.append(one if bare else exp.alias_(one, f"expr{place}"))
        first.set("expressions", named)

    def _builtin(self, dot: exp.Dot) -> None:
        call = dot.expression
        if dot.this.name.upper() != "BUILTIN" or not isinstance(call, exp.Anonymous):
            return
        if call.name.upper() != "DF" or len(call.expressions) != 1:
            raise QueryRefused(f"Invalid or unsupported search: BUILTIN.{call.name}.")
        shown = call.expressions[0]
        column = self._column(shown) if isinstance(shown, exp.Column) else None
        if column is None or not isinstance(shown, exp.Column):
            dot.replace(shown)
        elif column.shows == "status":
            code = exp.column("type", table=shown.table or None)
            dot.replace(exp.func("ns_display_status", code, shown.copy(), dialect="sqlite"))
        elif column.shows or column.kind == "flag":
            what = exp.Literal.string(column.shows or "flag")
            dot.replace(exp.func("ns_display", what, shown.copy(), dialect="sqlite"))
        else:
            dot.replace(shown)

    def _function(self, node: exp.Expr) -> exp.Expr:
        """What the engine takes for one node; the nodes inside have been rewritten already."""
        rewrite = _REWRITES.get(type(node))
        if rewrite is not None:
            return rewrite(node)
        if isinstance(node, exp.Add | exp.Sub) and (self._dated(node.this) or self._dated(node.expression)):
            return _call("ns_add" if isinstance(node, exp.Add) else "ns_subtract", node.this, node.expression)
        if isinstance(node, exp.Func) and not isinstance(node, _TAKEN_AS_THEY_ARE):
            raise QueryRefused(f"Invalid or unsupported search: unknown function {node.sql_name()}.")
        return node

    def _dates(self, compared: exp.Expr) -> None:
        """A text beside a date is a date in the user's format."""
        if isinstance(compared, exp.Binary) and not isinstance(compared, exp.Predicate):
            return
        sides = [compared.this, compared.args.get("expression"), compared.args.get("low"), compared.args.get("high")]
        sides += compared.args.get("expressions") or []
        present = [side for side in sides if isinstance(side, exp.Expr)]
        if any(self._dated(side) for side in present):
            for side in present:
                if isinstance(side, exp.Placeholder) or (isinstance(side, exp.Literal) and side.is_string):
                    side.replace(_call("ns_session_date", side.copy()))

    def _dated(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Column):
            column = self._column(node)
            return column is not None and column.kind == "date"
        if isinstance(node, exp.Anonymous):
            named = node.name.lower()
            return named in _DATE_MAKERS or (
                named in ("ns_trunc", "ns_add", "ns_subtract") and self._dated(node.expressions[0])
            )
        return isinstance(node, exp.Paren | exp.Max | exp.Min | exp.Coalesce) and self._dated(node.this)

    def _column(self, column: exp.Column) -> Column | None:
        """What the catalogue knows of a column; None for columns of subqueries."""
        scope = column.find_ancestor(exp.Select)
        while scope is not None:
            for table in _tables_of(scope):
                if column.table and column.table.lower() != table.alias_or_name.lower():
                    continue
                found = self._catalogue.tables.get(table.name.lower(), {}).get(column.name.lower())
                if found is not None:
                    return found
            scope = scope.find_ancestor(exp.Select)
        return None

    def _rownum(self, select: exp.Select) -> None:
        """ROWNUM counts rows before they are ordered."""
        where = select.args.get("where")
        limit = None
        if where is not None:
            kept = []
            for part in _conjuncts(where.this):
                bound = _rownum_bound(part)
                if bound is None:
                    kept.append(part)
                else:
                    limit = bound
            if limit is not None:
                select.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)
        for one in list(select.find_all(exp.Column, exp.Pseudocolumn)):
            if one.name.upper() == "ROWNUM":
                if one.find_ancestor(exp.Where) is not None:
                    raise QueryRefused("Invalid or unsupported search: ROWNUM.")
                one.replace(exp.Window(this=exp.RowNumber()))
        if limit is None:
            return
        if any(_aggregates(one) for one in select.expressions) or select.args.get("group"):
            raise QueryRefused("Invalid or unsupported search: the twin counts ROWNUM in plain selects only.")
        _limit_before_order(select, limit)


def _limit_before_order(select: exp.Select, limit: exp.Expr) -> None:
    order = select.args.get("order")
    if order is None:
        select.set("limit", exp.Limit(expression=limit))
        return
    inner = select.copy()
    inner.set("limit", exp.Limit(expression=limit))
    # Said explicitly, or the engine counts along whatever index the outer order likes.
    as_stored = [exp.Ordered(this=exp.column("rowid", table=one.alias_or_name)) for one in _tables_of(select)[:1]]
    inner.set("order", exp.Order(expressions=as_stored) if as_stored else None)
    names = [one.alias_or_name for one in select.expressions]
    keys = []
    for place, ordered in enumerate(order.expressions):
        if isinstance(ordered.this, exp.Literal) or ordered.this.name in names:
            keys.append(ordered.copy())
            continue
        inner.select(exp.alias_(ordered.this.copy(), f"order_{place}"), copy=False)
        key = ordered.copy()
        key.set("this", exp.column(f"order_{place}"))
        keys.append(key)
    outer = exp.select(*[exp.column(name) for name in names]).from_(inner.subquery("counted"))
    outer.set("order", exp.Order(expressions=keys))
    for part in ("distinct", "from", "from_", "joins", "where", "group", "having", "with", "with_"):
        select.set(part, None)
    for name, value in outer.args.items():
        select.set(name, value)


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _rownum_bound(part: exp.Expr) -> exp.Expr | None:
    if not isinstance(part, exp.LTE | exp.LT | exp.EQ) or part.this.name.upper() != "ROWNUM":
        return None
    said: exp.Expr = part.expression
    if isinstance(part, exp.LT):
        return exp.Sub(this=said.copy(), expression=exp.Literal.number(1))
    return said.copy()


def _tables_of(select: exp.Select) -> list[exp.Table]:
    source = select.args.get("from_") or select.args.get("from")
    found = [source.this] if source is not None else []
    found += [join.this for join in select.args.get("joins") or []]
    return [one for one in found if isinstance(one, exp.Table)]


def _call(name: str, *values: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[value.copy() for value in values])


def _listagg(node: exp.Expr) -> exp.Expr:
    value, key = node.this, exp.Literal.number(1)
    if isinstance(value, exp.Order):
        ordered = value.expressions[0]
        if ordered.args.get("desc") or len(value.expressions) > 1:
            raise QueryRefused("Invalid or unsupported search: the twin orders LISTAGG by one key, upwards.")
        value, key = value.this, ordered.this
    return _call("ns_listagg", value, node.args.get("separator") or exp.Literal.string(""), key)


def _oracle_format(said: str) -> str:
    """SQLGlot has turned the format into strftime's; turn it back."""
    for ours, oracles in (
        ("%Y", "YYYY"),
        ("%y", "YY"),
        ("%m", "MM"),
        ("%d", "DD"),
        ("%H", "HH24"),
        ("%I", "HH12"),
        ("%M", "MI"),
        ("%S", "SS"),
        ("%b", "MON"),
        ("%B", "MONTH"),
        ("%p", "AM"),
        ("%-m", "M"),
        ("%-d", "D"),
    ):
        said = said.replace(ours, oracles)
    return said


def _known_function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name.startswith("ns_"):
        return node
    if name in _OURS:
        return _call(_OURS[name], *node.expressions)
    raise QueryRefused(f"Invalid or unsupported search: unknown function {node.name}.")


def _to_char(node: exp.Expr) -> exp.Expr:
    shape = node.args.get("format")
    return _call("ns_to_char", node.this, *([exp.Literal.string(_oracle_format(shape.name))] if shape else []))


def _to_date(node: exp.Expr) -> exp.Expr:
    shape = node.args.get("format")
    return _call("ns_to_date", node.this, *([exp.Literal.string(_oracle_format(shape.name))] if shape else []))


def _date_literal(node: exp.Expr) -> exp.Expr:
    return _call("ns_to_date", node.this, exp.Literal.string("YYYY-MM-DD"))


def _trunc(node: exp.Expr) -> exp.Expr:
    unit = node.args.get("unit") or node.args.get("decimals")
    return _call("ns_trunc", node.this, *([unit] if unit else []))


def _sum(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node.this, exp.Distinct) else _call("ns_sum", node.this)


def _joined(*parts: exp.Expr) -> exp.Expr:
    """Oracle joins a null as nothing, where the engine would make the whole text null."""
    texts = [exp.Coalesce(this=part.copy(), expressions=[exp.Literal.string("")]) for part in parts]
    whole: exp.Expr = texts[0]
    for text in texts[1:]:
        whole = exp.DPipe(this=whole, expression=text)
    return exp.Paren(this=whole)


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.ToChar: _to_char,
    exp.TimeToStr: _to_char,
    exp.StrToTime: _to_date,
    exp.StrToDate: _to_date,
    exp.DateStrToDate: _date_literal,
    exp.CurrentTimestamp: lambda _: _call("ns_sysdate"),
    exp.ToNumber: lambda node: _call("ns_to_number", node.this),
    exp.AddMonths: lambda node: _call("ns_add_months", node.this, node.expression),
    exp.DateTrunc: _trunc,
    exp.TimestampTrunc: _trunc,
    exp.Trunc: _trunc,
    exp.Sum: _sum,
    exp.GroupConcat: _listagg,
    exp.DPipe: lambda node: _joined(node.this, node.expression),
    exp.Concat: lambda node: _joined(*node.expressions),
    exp.Greatest: lambda node: _call("max", node.this, *node.expressions),
    exp.Least: lambda node: _call("min", node.this, *node.expressions),
    exp.Extract: lambda node: _call("ns_extract", exp.Literal.string(node.this.name), node.expression),
    exp.Anonymous: _known_function,
}
