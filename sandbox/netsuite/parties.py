"""What all documents with money have in common: a party, one currency, one subsidiary, accounts that suit them."""

from decimal import ROUND_HALF_UP, Decimal

from sandbox.netsuite.chart import default_account
from sandbox.netsuite.refusal import invalid_key, invalid_value, missing_value, user_error
from sandbox.netsuite.store import Record, Store

ZERO = Decimal(0)
_LABELS = {"account": "Account", "arAcct": "A/R Account", "apAcct": "A/P Account"}


def settle_party(store: Store, record: Record, name: str, kind: str, label: str) -> None:
    """The customer or vendor, and with it subsidiary and currency. Raises Refusal where they do not fit."""
    values = record.values
    party = store.get("entity", values.get(name) or "")
    if party is None:
        raise missing_value(label)
    if party.kind != kind or party.values.get("isInactive"):
        raise invalid_value(party.id, name, name)
    home = party.values["subsidiary"]
    if values.setdefault("subsidiary", home) != home:
        raise invalid_key(
            f"Invalid subsidiary reference key {values['subsidiary']} for entity {party.id}.", "subsidiary"
        )
    values["entity"] = party.id
    values.setdefault("currency", party.values["currency"])
    refuse_currency(party, values["currency"], "currency")
    settle_rate(store, record)


def refuse_currency(party: Record, currency: str, path: str) -> None:
    """Raises Refusal for a currency that the customer or vendor does not deal in."""
    known = {party.values["currency"], *(line["currency"] for line in party.sublists.get("currencyList", []))}
    if currency not in known:
        raise invalid_value(currency, "currency", path)


def settle_rate(store: Store, record: Record) -> None:
    """The exchange rate from the table of rates, unless it is sent."""
    values = record.values
    if values.get("exchangeRate") is None:
        home = store.by_id("subsidiary", values["subsidiary"])
        base = store.by_id("currency", home.values["currency"])
        rate = store.by_id("currency", values["currency"]).values["exchangeRate"] / base.values["exchangeRate"]
        values["exchangeRate"] = rate.quantize(Decimal("1e-8"), ROUND_HALF_UP).normalize()


def step_of(store: Store, currency: str) -> Decimal:
    """The minor unit."""
    return Decimal(1).scaleb(-int(store.by_id("currency", currency).values["currencyPrecision"]))


def rounded(store: Store, record: Record, amount: Decimal) -> Decimal:
    return amount.quantize(step_of(store, record.values["currency"]), ROUND_HALF_UP)


def use_account(store: Store, record: Record, name: str, purpose: str, kinds: tuple[str, ...]) -> None:
    """The account that a form moves by itself: the one sent, else the account's own. Raises Refusal."""
    account = record.values.get(name) or (default_account(store, purpose) if purpose else None)
    if account is None:
        raise missing_value(_LABELS[name])
    record.values[name] = account
    check_account(store, record, account, name)
    if kinds and store.by_id("account", account).values["acctType"] not in kinds:
        raise invalid_value(account, name, name)


def check_account(store: Store, record: Record, account_id: str, path: str) -> Record:
    """Raises Refusal for an account that is inactive, of another subsidiary, or of another currency."""
    account = store.by_id("account", account_id)
    values = account.values
    if values.get("isInactive"):
        raise invalid_value(account_id, "account", path)
    allowed = values.get("subsidiary")
    if allowed and record.values["subsidiary"] not in allowed:
        words = f"Invalid account reference key {account_id} for subsidiary {record.values['subsidiary']}."
        raise invalid_key(words, path)
    if values.get("currency") and values["currency"] != record.values["currency"]:
        raise user_error(
            f"The currency of account {values['acctNumber']} must be the currency of the transaction.", path=path
        )
    return account
