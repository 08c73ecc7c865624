"""SH21, and how a shop may name the carrier of what it ships (OR23, ST01, ST23)."""

from dataclasses import dataclass

from sandbox.mirakl.state import Json

_NUMBER_GOES_HERE = "{trackingId}"
_STANDARD_CODES = frozenset({"DHL", "DPD", "EVRI", "FEDEX", "GLS", "ROYAL_MAIL", "TNT", "UPS"})


@dataclass(frozen=True)
class Carrier:
    code: str
    label: str
    standard_code: str | None
    url: str

    def row(self) -> Json:
        standard = {"standard_code": self.standard_code} if self.standard_code else {}
        return {"code": self.code, "label": self.label, "tracking_url": self.url} | standard


_REGISTERED = {
    one.code: one
    for one in (
        Carrier("DHL", "DHL Express", "DHL", "https://tracking.dhl.example/{trackingId}"),
        Carrier("DPD", "DPD", "DPD", "https://tracking.dpd.example/{trackingId}"),
        Carrier("EVRI", "Evri", None, "https://tracking.evri.example/{trackingId}"),
        Carrier("RMAIL", "Royal Mail", "ROYAL_MAIL", "https://tracking.royalmail.example/{trackingId}"),
        Carrier("UPS", "UPS", "UPS", "https://tracking.ups.example/{trackingId}"),
        Carrier("VAN", "The shop's own van", None, "https://van.example/where"),
    )
}


class UnfitTracking(ValueError):
    """A carrier or number that Mirakl does not take; the text says why."""


@dataclass(frozen=True)
class Named:
    """A parcel's carrier and number as a client sends them."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    carrier_standard_code: str | None = None
    number: str | None = None
    url: str | None = None


def carriers() -> Json:
    """SH21, by label."""
    return {"carriers": sorted((one.row() for one in _REGISTERED.values()), key=lambda row: str(row["label"]))}


def tracking_of(sent: Named, *, alternatives_allowed: bool) -> Json:
    """The tracking as Mirakl keeps it: a registered carrier's name and URL are Mirakl's own, whatever was sent.

    A standard code alone finds the registered carrier that has it. Raises UnfitTracking.
    """
    if sent.carrier_standard_code and sent.carrier_standard_code not in _STANDARD_CODES:
        raise UnfitTracking(f"Carrier standard code {sent.carrier_standard_code} does not exist")
    registered = _registered(sent)
    if registered is not None:
        if _NUMBER_GOES_HERE in registered.url and not (sent.number or "").strip():
            raise UnfitTracking(f"Tracking number is mandatory for carrier {registered.code}")
        return _kept(
            code=registered.code,
            name=registered.label,
            standard=registered.standard_code or sent.carrier_standard_code,
            number=sent.number,
            url=registered.url.replace(_NUMBER_GOES_HERE, sent.number or ""),
        )
    if not (sent.carrier_name or "").strip():
        raise UnfitTracking("Carrier code is mandatory for a registered carrier, carrier name for an unregistered one")
    if not alternatives_allowed:
        raise UnfitTracking(f"Carrier {sent.carrier_name} is not registered, and alternative carriers are disabled")
    standard = sent.carrier_standard_code
    return _kept(code=None, name=sent.carrier_name, standard=standard, number=sent.number, url=sent.url)


def _registered(sent: Named) -> Carrier | None:
    if sent.carrier_code:
        if sent.carrier_code not in _REGISTERED:
            raise UnfitTracking(f"Carrier code {sent.carrier_code} does not exist")
        return _REGISTERED[sent.carrier_code]
    if sent.carrier_standard_code and not sent.carrier_name:
        by_standard = {one.standard_code: one for one in _REGISTERED.values()}
        return by_standard.get(sent.carrier_standard_code)
    return None


def _kept(*, code: str | None, name: str | None, standard: str | None, number: str | None, url: str | None) -> Json:
    return {
        "carrier_code": code,
        "carrier_name": name,
        "carrier_standard_code": standard,
        "tracking_number": number,
        "tracking_url": url,
    }
