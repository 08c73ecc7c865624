"""The account: everything behind the endpoints, callable over HTTP or, for long simulations, directly."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from sandbox import decimal_json
from sandbox.behaviours import Behaviours
from sandbox.calls import ContractViolation
from sandbox.clock import Clock, text_of
from sandbox.netsuite.answer import Answer, Call, error_answer, json_answer
from sandbox.netsuite.certificates import Certificates
from sandbox.netsuite.collections_of_records import listing
from sandbox.netsuite.credentials import Credentials
from sandbox.netsuite.documents import Documents
from sandbox.netsuite.fields import RecordType
from sandbox.netsuite.login import Login
from sandbox.netsuite.metadata import catalogue, schema_of
from sandbox.netsuite.price_lists import offered_prices
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.records import Records
from sandbox.netsuite.reference import ACCOUNT, open_account
from sandbox.netsuite.refusal import Refusal, no_permission
from sandbox.netsuite.seeds import seed_customers, seed_documents, seed_items
from sandbox.netsuite.shown import Showing
from sandbox.netsuite.stock import Stock
from sandbox.netsuite.stockroom import Stockroom
from sandbox.netsuite.store import Store
from sandbox.netsuite.suiteql.endpoint import query
from sandbox.netsuite.suiteql.engine import Engine
from sandbox.netsuite.tba import TbaVerifier
from sandbox.netsuite.tokens import TOKEN_PATH, Tokens
from sandbox.netsuite.transforms import Transforms
from sandbox.netsuite.user_events import UserEvents
from sandbox.netsuite.warehouse import Warehouse
from sandbox.world import World

RECORD_ROOT = "/services/rest/record/v1/"
SUITEQL_PATH = "/services/rest/query/v1/suiteql"
SYSTEM_ROOT = "/services/rest/system/v1/"


class Account:
    """One NetSuite account with its records, its integration's credentials and its endpoints."""

    def __init__(self, credentials: Credentials, switches: Behaviours, clock: Clock) -> None:
        self.name = ACCOUNT
        self.base = "http://127.0.0.1"  # where it is served, once it is
        self.store = Store()
        self.switches = switches
        self.clock = clock
        self.certificates = Certificates()
        self.certificate_id = self.certificates.upload(credentials.certificate)
        self.tokens = Tokens(credentials.client_id, self.certificates, clock.now, self._auth_now)
        self.suiteql = Engine(self.store, switches, clock)
        self.stock = Stock(self.store, switches, clock)
        self.documents = Documents(self.store, switches, clock, self.stock)
        self.records = Records(self.store, switches, clock, self.documents)
        self.transforms = Transforms(self.records, self.documents)
        self.stockroom = Stockroom(self.store, self.stock, self.records)
        self.warehouse = Warehouse(self.store, clock, self.documents, self.stock)
        self.user_events = UserEvents(ACCOUNT, self._auth_now)
        self.documents.listeners.append(self.user_events.happened)
        tba = TbaVerifier(ACCOUNT, credentials.tba)
        self._login = Login(ACCOUNT, self.tokens, tba, self._auth_now, self.tokens.denials)
        open_account(self.store, clock.now(), {})

    def load(self, world: World) -> None:
        """Begin again from a world. Tokens stay good: the world is the data, not the login."""
        with self.store.lock:
            self.store.clear()
            now = self.clock.now()
            given: Mapping[str, Any] = {}
            place = world.folder / "netsuite" / "reference.json" if world.folder else None
            if place is not None and place.is_file():
                given = decimal_json.loads(place.read_bytes())
            open_account(self.store, now, given)
            offers = [offer for name in world.marketplaces() for offer in world.mirakl(name, "offers")]
            seed_items(self.store, world.netsuite("items"), now, offered_prices(offers))
            seed_customers(self.store, world.netsuite("customers"), now)
            seed_documents(self.store, world.netsuite("documents"), now)

    def dump(self, kind: str) -> list[dict[str, Any]]:
        """All records of a type as a GET with expandSubResources=true shows them. Raises KeyError for no such type."""
        if kind not in RECORD_TYPES:
            raise KeyError(f"record type {kind}")
        with self.store.lock:
            self.stock.heed()
            self.warehouse.work()
            showing = Showing(self.store, self.base)
            return [showing.record(record, expanded=True) for record in self.store.all(kind)]

    def request(
        self, method: str, target: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Call the endpoints without a server and without a login; `target` is the path with its query."""
        sent = b"" if body is None else decimal_json.dumps(body)
        named = {"content-type": "application/json"} | {name.lower(): value for name, value in (headers or {}).items()}
        path = unquote(target.partition("?")[0])
        return self._answered(Call(method, path, target, named, sent, self.base), trusted=True)

    def answer(self, call: Call) -> Answer:
        """Raises ContractViolation for what NetSuite can do and the twin cannot."""
        return self._answered(call, trusted=False)

    def _answered(self, call: Call, *, trusted: bool) -> Answer:
        with self.store.lock:
            try:
                if call.path == TOKEN_PATH:
                    return self._token(call)
                self.stock.heed()
                self.warehouse.work()
                if not trusted:
                    self._login.check(call)
                return self._route(call)
            except Refusal as refusal:
                return error_answer(refusal.body(), refusal.status, refusal.headers)

    def _token(self, call: Call) -> Answer:
        if call.method != "POST":
            raise _not_allowed(call)
        return self.tokens.endpoint(call)

    def _route(self, call: Call) -> Answer:
        if call.path == SUITEQL_PATH:
            if call.method != "POST":
                raise _not_allowed(call)
            return query(self.suiteql, self.switches, call)
        if call.path.startswith(RECORD_ROOT):
            return self._record(call, call.path.removeprefix(RECORD_ROOT).strip("/").split("/"))
        if call.path.startswith(SYSTEM_ROOT):
            return self._system(call)
        if call.path.startswith("/services/rest/async/"):
            raise ContractViolation("the twin runs no asynchronous jobs")
        raise Refusal(404, "NONEXISTENT_ID", "Invalid URL.")

    def _record(self, call: Call, parts: list[str]) -> Answer:
        if parts[0] == "metadata-catalog":
            return catalogue(call) if len(parts) == 1 else schema_of(self.records.type_named(parts[1]), self.store)
        kind = self.records.type_named(parts[0])
        if len(parts) == 1:
            return self._of_type(kind, call)
        key, *rest = parts[1:]
        if not rest:
            return self._of_record(kind, key, call)
        if call.method == "GET" and len(rest) <= 2:
            return self.records.part(kind, key, rest[0], rest[1] if len(rest) == 2 else None, call)
        if call.method == "POST" and rest[0] == "!transform" and len(rest) == 2:
            return self.transforms.run(self.records.find(kind, key), rest[1], call)
        raise _not_allowed(call)

    def _of_type(self, kind: RecordType, call: Call) -> Answer:
        if call.method == "GET":
            return listing(self.store, kind, call)
        if call.method == "POST":
            return self.records.create(kind, call)
        raise _not_allowed(call)

    def _of_record(self, kind: RecordType, key: str, call: Call) -> Answer:
        answers = {
            "GET": lambda: self.records.read(kind, key, call),
            "PATCH": lambda: self.records.patch(kind, key, call),
            "PUT": lambda: self.records.upsert(kind, key, call),
            "DELETE": lambda: self.records.delete(kind, key),
        }
        if call.method not in answers:
            raise _not_allowed(call)
        return answers[call.method]()

    def _system(self, call: Call) -> Answer:
        if call.method != "GET":
            raise _not_allowed(call)
        name = call.path.removeprefix(SYSTEM_ROOT)
        if name == "serverTime":
            moment = self.clock.now()
            milliseconds = text_of(moment.replace(microsecond=0))[:-1] + f".{moment.microsecond // 1000:03d}Z"
            return json_answer({"serverTime": milliseconds})
        if name == "governanceLimits":
            raise no_permission()  # administrators only, and the integration's role is none
        raise Refusal(404, "NONEXISTENT_ID", "Invalid URL.")

    def _auth_now(self) -> datetime:
        return self.clock.now() if self.switches.text("auth_clock") == "twin" else datetime.now(UTC)


def _not_allowed(call: Call) -> Refusal:
    return Refusal(405, "METHOD_NOT_ALLOWED", f"Method {call.method} is not allowed here.")
