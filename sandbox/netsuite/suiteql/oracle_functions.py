"""Oracle's functions as the engine has them; any other function is unknown."""

from collections.abc import Callable

from sqlglot import exp

from sandbox.netsuite.suiteql.refused import QueryRefused

# Functions by the name a query gives them, where SQLGlot leaves them as they are; and as SQLGlot's own classes.
_OURS = {
    "add_months": "ns_add_months",
    "to_number": "ns_to_number",
    "to_char": "ns_to_char",
    "to_date": "ns_to_date",
    "to_timestamp": "ns_to_date",
    "trunc": "ns_trunc",
}
TAKEN_AS_THEY_ARE = (
    exp.Abs, exp.And, exp.Avg, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Count, exp.DecodeCase, exp.Exists,
    exp.Floor, exp.If, exp.Initcap, exp.Lag, exp.Lead, exp.Length, exp.Lower, exp.Max, exp.Min, exp.Mod, exp.Nullif,
    exp.Nvl2, exp.Or, exp.Pad, exp.Pow, exp.Rank, exp.Replace, exp.Round, exp.RowNumber, exp.Sign, exp.Sqrt,
    exp.StrPosition, exp.Substring, exp.Sum, exp.Trim, exp.Upper,
)  # fmt: skip


def call_of(name: str, *values: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[value.copy() for value in values])


def _listagg(node: exp.Expr) -> exp.Expr:
    value, key = node.this, exp.Literal.number(1)
    if isinstance(value, exp.Order):
        ordered = value.expressions[0]
        if ordered.args.get("desc") or len(value.expressions) > 1:
            raise QueryRefused("Invalid or unsupported search: the twin orders LISTAGG by one key, upwards.")
        value, key = value.this, ordered.this
    return call_of("ns_listagg", value, node.args.get("separator") or exp.Literal.string(""), key)


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
        return call_of(_OURS[name], *node.expressions)
    raise QueryRefused(f"Invalid or unsupported search: unknown function {node.name}.")


def _to_char(node: exp.Expr) -> exp.Expr:
    shape = node.args.get("format")
    return call_of("ns_to_char", node.this, *([exp.Literal.string(_oracle_format(shape.name))] if shape else []))


def _to_date(node: exp.Expr) -> exp.Expr:
    shape = node.args.get("format")
    return call_of("ns_to_date", node.this, *([exp.Literal.string(_oracle_format(shape.name))] if shape else []))


def _date_literal(node: exp.Expr) -> exp.Expr:
    return call_of("ns_to_date", node.this, exp.Literal.string("YYYY-MM-DD"))


def _trunc(node: exp.Expr) -> exp.Expr:
    unit = node.args.get("unit") or node.args.get("decimals")
    return call_of("ns_trunc", node.this, *([unit] if unit else []))


def _sum(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node.this, exp.Distinct) else call_of("ns_sum", node.this)


def _joined(*parts: exp.Expr) -> exp.Expr:
    """Oracle joins a null as nothing, where the engine would make the whole text null."""
    texts = [exp.Coalesce(this=part.copy(), expressions=[exp.Literal.string("")]) for part in parts]
    whole: exp.Expr = texts[0]
    for text in texts[1:]:
        whole = exp.DPipe(this=whole, expression=text)
    return exp.Paren(this=whole)


REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.ToChar: _to_char,
    exp.TimeToStr: _to_char,
    exp.StrToTime: _to_date,
    exp.StrToDate: _to_date,
    exp.DateStrToDate: _date_literal,
    exp.CurrentTimestamp: lambda _: call_of("ns_sysdate"),
    exp.ToNumber: lambda node: call_of("ns_to_number", node.this),
    exp.AddMonths: lambda node: call_of("ns_add_months", node.this, node.expression),
    exp.DateTrunc: _trunc,
    exp.TimestampTrunc: _trunc,
    exp.Trunc: _trunc,
    exp.Sum: _sum,
    exp.GroupConcat: _listagg,
    exp.DPipe: lambda node: _joined(node.this, node.expression),
    exp.Concat: lambda node: _joined(*node.expressions),
    exp.Greatest: lambda node: call_of("max", node.this, *node.expressions),
    exp.Least: lambda node: call_of("min", node.this, *node.expressions),
    exp.Extract: lambda node: call_of("ns_extract", exp.Literal.string(node.this.name), node.expression),
    exp.Anonymous: _known_function,
}
