"""The certificate of a bridge: self-signed, its common name the bridge id, kept for the bridge's life."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def bridge_tls(folder: Path, bridge_id: str) -> ssl.SSLContext:
    """A server context for the bridge's certificate, which is made at the first start."""
    certificate = folder / "hue-certificate.pem"
    if not certificate.exists():
        certificate.write_bytes(_make(bridge_id))
        certificate.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _make(bridge_id: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Philips Hue"),
            x509.NameAttribute(NameOID.COMMON_NAME, bridge_id),
        ]
    )
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(bridge_id, 16))
        .not_valid_before(datetime.datetime(2017, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2038, 1, 19, tzinfo=datetime.UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pkcs8 = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pkcs8 + signed.public_bytes(serialization.Encoding.PEM)
