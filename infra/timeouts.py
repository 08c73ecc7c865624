"""How long each function may run, and what hangs on it: queues hide a message, and leases hold, for longer.

Messages stay hidden for six timeouts and the batching window (SQS's rule); a worker's lease outlives its function by
thirty seconds, so that nobody takes a posting over from a worker that may still be writing; and one NetSuite call with
its patience fits.
"""

from __future__ import annotations

from aws_cdk import Duration

from tieout.config import Config, ConfigError

POLL = Duration.minutes(10)
FETCH = Duration.seconds(120)
WORK = Duration.seconds(300)
"""Functions that hold leases, on postings or on the turn of NetSuite's readers."""
WINDOW = Duration.seconds(30)
"""How long a batch of orders to fetch may gather."""
SHORT_WINDOW = Duration.seconds(2)
"""How long shipments to confirm, and fulfilments to read, may gather: goods that left are told within seconds."""
RECEIVE = Duration.seconds(10)
WATCH = Duration.seconds(60)
MATCH = Duration.minutes(15)
"""Functions that compare whole months; they hold the turn of NetSuite's readers for one question at a time."""

LEASE_OUTLIVES_WORK_SECONDS = 30
TO_WRITE_DOWN_SECONDS = 15


def check_patience(config: Config) -> None:
    """Refuse settings whose leases or calls do not fit the functions.

    Raises ConfigError. The local run may end leases early, so that a killed worker's orders move on within seconds: the
    fence, not the lease, keeps them single.
    """
    work = int(WORK.to_seconds())
    lease = config.reliability.lease_seconds
    if not config.sandbox and lease < work + LEASE_OUTLIVES_WORK_SECONDS:
        raise ConfigError(
            f"reliability.lease_seconds = {lease}: expected at least {work + LEASE_OUTLIVES_WORK_SECONDS}, a worker's "
            f"{work} seconds and {LEASE_OUTLIVES_WORK_SECONDS} more",
        )
    call = config.netsuite.connect_timeout_seconds + config.netsuite.read_timeout_seconds
    if call + TO_WRITE_DOWN_SECONDS > work:
        raise ConfigError(
            f"netsuite.read_timeout_seconds = {config.netsuite.read_timeout_seconds:g}: expected at most "
            f"{work - TO_WRITE_DOWN_SECONDS - config.netsuite.connect_timeout_seconds:g}, so that one call fits a "
            f"worker's {work} seconds",
        )
