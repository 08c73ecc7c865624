"""What an administrator would set up for the integration: client id, key and certificate, TBA keys. All throw-away."""

import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.netsuite.tba import TbaKeys


@dataclass(frozen=True)
class Credentials:
    """One integration's credentials; the key is PEM, unencrypted."""

    client_id: str
    private_key: str
    certificate: str
    tba: TbaKeys


def new_credentials(seed: int | None) -> Credentials:
    """Random ones; with a seed, the same ones each time."""
    dice: random.Random = secrets.SystemRandom() if seed is None else random.Random(f"netsuite {seed}")
    key = ec.derive_private_key(dice.getrandbits(255) | 1, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tieout sandbox")])
    begins = datetime(datetime.now(UTC).year, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(dice.getrandbits(120) | 1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=730))
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    hexes = [f"{dice.getrandbits(256):064x}" for _ in range(5)]
    return Credentials(
        client_id=hexes[0],
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        tba=TbaKeys(*hexes[1:]),
    )
