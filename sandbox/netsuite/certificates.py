"""Certificates mapped to the integration, as an administrator uploads them."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA_BITS = (3072, 4096)
_RSA_ALGORITHMS = ("PS256", "PS384", "PS512")  # PKCS#1 v1.5 (RS256) is not taken
_MOST_ACTIVE = 5
_LONGEST = timedelta(days=731)


@dataclass(frozen=True)
class Certificate:
    """A mapped certificate: the algorithms it may sign with, and until when it counts."""

    id: str
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    algorithms: tuple[str, ...]
    valid_until: datetime


class Certificates:
    """The active certificates of the integration, by certificate id."""

    def __init__(self) -> None:
        self._active: dict[str, Certificate] = {}

    def upload(self, pem: str) -> str:
        """Map a certificate; its id is the `kid` to sign with. Raises ValueError for a key NetSuite does not take."""
        read = x509.load_pem_x509_certificate(pem.encode())
        key = read.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
            algorithms: tuple[str, ...] = (_CURVES[key.curve.name],)
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
            algorithms = _RSA_ALGORITHMS
        else:
            raise ValueError("a certificate needs an RSA key of 3072 or 4096 bits, or an EC key P-256, P-384 or P-521")
        if len(self._active) >= _MOST_ACTIVE:
            raise ValueError(f"an integration has at most {_MOST_ACTIVE} active certificates: revoke one first")
        digest = hashlib.sha256(read.public_bytes(Encoding.DER)).digest()
        certificate_id = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        ends = min(read.not_valid_after_utc, read.not_valid_before_utc + _LONGEST)
        self._active[certificate_id] = Certificate(certificate_id, key, algorithms, ends)
        return certificate_id

    def revoke(self, certificate_id: str) -> None:
        del self._active[certificate_id]

    def get(self, certificate_id: str, now: datetime | None = None) -> Certificate | None:
        """None for an id that is unknown, revoked, or past its validity."""
        found = self._active.get(certificate_id)
        return None if found is None or found.valid_until < (now or datetime.now(UTC)) else found
