"""A certificate authority for one run: its key is never written down, and it can sign little.

It is valid for a day, and constrained to the names of Runway's hosts: what it signed for any other
name is refused by every client, should it outlive the run in a client's store.
"""

import os
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = timedelta(days=1)
_SKEW = timedelta(minutes=5)
_PASSWORD_BYTES = 32


class Authority:
    """Signs for some hosts.

    Args:
        hosts: the only names that it may sign for.
        now: POSIX seconds; a day later it is worth nothing.
    """

    def __init__(self, hosts: Iterable[str], now: float) -> None:
        self._hosts = sorted(hosts)
        self._begins = datetime.fromtimestamp(now, UTC) - _SKEW
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "fake-runway, for one run on this machine")]
        )
        permitted = [x509.DNSName(host) for host in self._hosts]
        self._certificate = (
            self._began(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        """The authority's own certificate, PEM: what clients are told to trust."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def context(self) -> ssl.SSLContext:
        """Return what a server of these hosts needs, with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._hosts[0])])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in self._hosts])
        certificate = (
            self._began(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        password = os.urandom(_PASSWORD_BYTES).hex().encode()
        private = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with _as_file(certificate.public_bytes(Encoding.PEM) + private) as file:
            context.load_cert_chain(file, password=password)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _began(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._begins)
            .not_valid_after(self._begins + _DAY)
        )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


@contextmanager
def _as_file(text: bytes) -> Iterator[str]:
    """Yield the name of a file with this content, which Python's `ssl` asks for.

    The key in it is encrypted with a password that only this process has ever had.
    """
    descriptor, name = tempfile.mkstemp()
    try:
        with open(descriptor, "wb") as file:
            file.write(text)
        yield name
    finally:
        os.unlink(name)
