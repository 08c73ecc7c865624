"""ROWNUM: rows are counted as they are found, before they are ordered."""

from collections.abc import Iterator

from sqlglot import exp

from sandbox.netsuite.suiteql.refused import QueryRefused


def count_rows(select: exp.Select) -> None:
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
        if one.name.upper() == "ROWNUM" and one.find_ancestor(exp.Select) is select:
            if one.find_ancestor(exp.Where) is not None:
                raise QueryRefused("Invalid or unsupported search: ROWNUM.")
            one.replace(exp.Window(this=exp.RowNumber()))
    if limit is None:
        return
    if any(aggregates(one) for one in select.expressions) or select.args.get("group"):
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
    as_stored = [exp.Ordered(this=exp.column("rowid", table=one.alias_or_name)) for one in tables_of(select)[:1]]
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


def tables_of(select: exp.Select) -> list[exp.Table]:
    source = select.args.get("from_") or select.args.get("from")
    found = [source.this] if source is not None else []
    found += [join.this for join in select.args.get("joins") or []]
    return [one for one in found if isinstance(one, exp.Table)]


def aggregates(projected: exp.Expr) -> bool:
    return any(
        one.find_ancestor(exp.Window) is None and one.find_ancestor(exp.Subquery) is None
        for one in projected.find_all(exp.AggFunc)
    )
