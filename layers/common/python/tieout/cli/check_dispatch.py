"""The doctor at a marketplace's lists: whether the carriers and reason codes that the settings name are in them."""

from __future__ import annotations

from tieout.cli.findings import Finding, note, passed, to_do
from tieout.config import Marketplace
from tieout.domain.errors import Throttled
from tieout.mirakl.client import Mirakl

_TYPES = {"refund": "REFUND", "cancelation": "CANCELATION"}
"""What RE01 calls the reasons of each setting."""


def carrier_findings(about: str, mirakl: Mirakl, settings: Marketplace) -> list[Finding]:
    """SH21, which a marketplace tells once a day, is asked only where the settings name a registered carrier."""
    codes = sorted({rule.code for rule in settings.shipments.carriers if rule.code})
    if not settings.shipments.enabled or not codes:
        return []
    try:
        registered = mirakl.carriers()
    except Throttled:
        return [note(about, "were asked for today already, and Mirakl tells them once a day (SH21): not compared")]
    if missing := [code for code in codes if code not in registered]:
        known = ", ".join(sorted(registered)) or "none"
        words = f"not registered at the marketplace (SH21 has: {known}): correct shipments.carriers"
        return [to_do(about, f"code {code!r} is {words}") for code in missing]
    return [passed(about, "every carrier of the settings is registered (SH21)")]


def reason_findings(about: str, mirakl: Mirakl, settings: Marketplace) -> list[Finding]:
    """RE01: a refund or a cancelation without a code that exists would park, one by one."""
    returns = settings.returns
    if not returns.enabled or settings.role != "seller":
        return []
    known = mirakl.reasons()
    findings: list[Finding] = []
    for setting, kind in _TYPES.items():
        code = getattr(returns.reasons, setting)
        needed = setting == "cancelation" or returns.refund_on != "never"
        fitting = ", ".join(sorted(each for each, kinds in known.items() if kind in kinds)) or "none"
        if code is None and needed:
            what = f"returns.reasons.{setting} is not set: what NetSuite gives back would park"
            findings.append(note(about, f"{what}; the marketplace has {fitting}"))
        elif code is not None and kind not in known.get(code, ()):
            what = f"returns.reasons.{setting} is {code!r}, which is no {kind} reason that you may give (RE01)"
            findings.append(to_do(about, f"{what}: choose one of {fitting}"))
    return findings or [passed(about, "the reason codes of the settings exist (RE01)")]
