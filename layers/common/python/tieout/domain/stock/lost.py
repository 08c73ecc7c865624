"""How much may be gone from one night's export to the next before it is taken for half an export."""

from __future__ import annotations

FEW = 10
"""So many may go whatever their share is."""


def lacks_most(now: int, before: int) -> bool:
    """Whether most of what was there is gone, and more of it than a few; or all of it, be that one."""
    lost = before - now
    return (lost >= FEW and lost > now) or (before > 0 and not now)
