"""Rewriting a parsed query for the engine: names, functions, dates, BUILTIN.DF."""

import re

from sqlglot import exp

from sandbox.netsuite.suiteql.oracle_functions import REWRITES, TAKEN_AS_THEY_ARE, call_of
from sandbox.netsuite.suiteql.refused import QueryRefused
from sandbox.netsuite.suiteql.rownum import count_rows, tables_of
from sandbox.netsuite.suiteql.tables import Catalogue, Column, physical

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DATE_MAKERS = ("ns_to_date", "ns_sysdate", "ns_add_months")


class Rewriter:
    """Rewrites one query after another against one catalogue."""

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
            count_rows(select)
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
        rewrite = REWRITES.get(type(node))
        if rewrite is not None:
            return rewrite(node)
        if isinstance(node, exp.Add | exp.Sub) and (self._dated(node.this) or self._dated(node.expression)):
            return call_of("ns_add" if isinstance(node, exp.Add) else "ns_subtract", node.this, node.expression)
        if isinstance(node, exp.Func) and not isinstance(node, TAKEN_AS_THEY_ARE):
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
                    side.replace(call_of("ns_session_date", side.copy()))

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
            for table in tables_of(scope):
                if column.table and column.table.lower() != table.alias_or_name.lower():
                    continue
                found = self._catalogue.tables.get(table.name.lower(), {}).get(column.name.lower())
                if found is not None:
                    return found
            scope = scope.find_ancestor(exp.Select)
        return None
