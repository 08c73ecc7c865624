"""What an operation is: Mirakl's code, method and path, who may call it, its parameters and its frequency."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.mirakl.parameters import Reader, one_of, text, whole

Persona = Literal["seller", "operator"]
DAY, MINUTE = 86_400.0, 60.0


@dataclass(frozen=True)
class Frequency:
    """At most `calls` in any `seconds`, for one credential on one operation."""

    calls: int
    seconds: float


@dataclass(frozen=True)
class Operation:
    """`also` are further limits beside `frequency`; `pages_count` says that each page is a call of its own. A seller's
    key needs one of `roles`. What is not `in_contract` has no path in the official documents. `form` are the fields
    that go along with a file, of what is sent as a form; `accept` the kinds of answer that it can give.
    """

    code: str
    method: str
    path: str
    personas: tuple[Persona, ...] = ("seller", "operator")
    needs_credential: bool = True
    frequency: Frequency | None = None
    filters: dict[Persona, dict[str, Reader]] = field(default_factory=dict)
    takes_body: bool = True
    also: tuple[Frequency, ...] = ()
    pages_count: bool = False
    roles: frozenset[str] = frozenset()
    in_contract: bool = True
    form: dict[Persona, dict[str, Reader]] | None = None
    accept: tuple[str, ...] = ("application/json", "application/*")

    def parameters(self, persona: Persona) -> dict[str, Reader]:
        """What this persona may send: a seller may name the shop on every call, an operator on none."""
        return {**self.filters.get(persona, {}), **({"shop_id": whole} if persona == "seller" else {})}


def both(filters: dict[str, Reader]) -> dict[Persona, dict[str, Reader]]:
    return {"seller": filters, "operator": filters}


def seek(criterion: str) -> dict[str, Reader]:
    sorts = one_of(f"{criterion},ASC", f"{criterion},DESC")
    return {"limit": whole, "page_token": text, "sort": sorts}
