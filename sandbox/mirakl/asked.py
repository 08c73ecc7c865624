"""What one request asks: of which marketplace, by whom, which operation."""

from dataclasses import dataclass, field

from starlette.requests import Request

from sandbox.mirakl.operation import Operation, Persona
from sandbox.mirakl.operations import operation_at
from sandbox.mirakl.state import Marketplace, MiraklState


@dataclass(frozen=True)
class Asked:
    """A request as far as it can be told without judging it: nothing in here is refused yet."""

    method: str
    path: str
    url: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    marketplace: Marketplace | None
    persona: Persona | None
    operation: Operation | None
    path_values: dict[str, str] = field(default_factory=dict)

    def listing(self) -> str:
        """All that tells this listing from another: the filters, not the place in it."""
        return repr(sorted((name, value) for name, value in self.query if name not in ("offset", "max")))


def asked_of(request: Request, state: MiraklState) -> Asked:
    tenant, _, rest = request.url.path.removeprefix("/").partition("/")
    marketplace = state.marketplaces.get(tenant)
    operation, values = operation_at(request.method, f"/{rest}") or (None, {})
    return Asked(
        method=request.method,
        path=f"/{rest}",
        url=str(request.url.replace(query="")),
        query=request.query_params.multi_items(),
        headers={name.lower(): value for name, value in request.headers.items()},
        marketplace=marketplace,
        persona=_persona(request.headers.get("authorization", ""), marketplace),
        operation=operation,
        path_values=values,
    )


def _persona(credential: str, marketplace: Marketplace | None) -> Persona | None:
    """A seller sends the shop's key as it is; an operator sends its token as Bearer. No other form is taken."""
    if marketplace is None:
        return None
    if credential == marketplace.api_key:
        return "seller"
    return "operator" if credential == f"Bearer {marketplace.operator_token}" else None
