"""Items that a person at the operator made up: a rule has to say which account they belong to, not their type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from tieout.domain.ledger.accounts import AccountMap
from tieout.domain.ledger.line import Books, Document, Line
from tieout.domain.ledger.periods import local_day
from tieout.domain.ledger.rules import BookingRules, Mode
from tieout.domain.ledger.types import TYPES, Group
from tieout.domain.money import ZERO, Money
from tieout.domain.reconcile.advice import ADVICE
from tieout.domain.reconcile.breaks import Break, Code

MANUAL = frozenset(name for name, rule in TYPES.items() if rule.group is Group.MANUAL and not rule.is_tax)
"""Types of such items; their VAT follows them."""


def unclassified(books: Books, rules: BookingRules) -> list[Break]:
    """Manual and one-off items that no override takes; one break a shop's document, with the items' amount without tax.

    Until somebody says better they are booked to the account of their type: a lost parcel's compensation and a
    commission given back would be one income. A rule without a description takes whatever has its type. In the books
    of an operator the key is `<shop>/<document>`: shops that number their own documents have numbers in common.
    """
    accounts = AccountMap(rules)
    documents = {(each.shop, each.number): each for each in books.documents}
    loose: defaultdict[tuple[str, str], list[tuple[Line, str]]] = defaultdict(list)
    of_many_shops = rules.mode in {Mode.OPERATOR, Mode.OPERATOR_PRINCIPAL}
    for line in _manual(books):
        document = _document(documents, line)
        description = described(line, document)
        day = local_day(document.issued if document else line.created, rules.time_zone)
        if accounts.override(line.type, line.fee_code, description, day) is None:
            loose[_key(line, of_many_shops), line.currency].append((line, description or ""))
    return [_break(books.marketplace, key, currency, loose[key, currency]) for key, currency in sorted(loose)]


def described(line: Line, document: Document | None) -> str | None:
    """What the operator wrote: on the item, else on the rows of its document."""
    if line.description is not None or document is None:
        return line.description
    return " / ".join(item.description for item in document.items)


def _manual(books: Books) -> Iterator[Line]:
    for line in books.lines:
        if line.amount and line.type in MANUAL:
            yield line


def _key(line: Line, of_many_shops: bool) -> str:
    if line.document and line.shop and of_many_shops:
        return f"{line.shop}/{line.document}"
    return line.document or line.cycle or line.id


def _document(documents: dict[tuple[str, str], Document], line: Line) -> Document | None:
    number = line.document or ""
    return documents.get((line.shop, number)) or documents.get(("", number))


def _break(marketplace: str, key: str, currency: str, items: list[tuple[Line, str]]) -> Break:
    advice = ADVICE[Code.MANUAL_UNCLASSIFIED]
    amount: Decimal = sum((abs(line.amount) for line, _ in items), ZERO)
    told = sorted({f"{line.type} {words!r}" if words else f"{line.type} without a word" for line, words in items})
    what = f"{', '.join(told)}, {Money(amount, currency)}"
    return Break(
        code=Code.MANUAL_UNCLASSIFIED,
        key=key,
        marketplace=marketplace,
        currency=currency,
        amount=amount,
        order_id=next((line.order_id for line, _ in items if line.order_id), None),
        cycle=min((line.cycle for line, _ in items if line.cycle), default=None),
        day=min(line.created.date() for line, _ in items),
        explanation=advice.explanation.format(what=what),
        proposal=advice.proposal,
    )
