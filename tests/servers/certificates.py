"""Certificates for tests: an authority of one's own, and what it signs. Made by `openssl`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "2"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
OF_AUTHORITY = """\
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
SIGNED = """\
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""
LOOPBACK = "IP:127.0.0.1, DNS:localhost"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, each a PEM file."""

    file: Path
    key: Path

    def with_key(self) -> Path:
        """Return one file that holds both, the key first."""
        both = self.file.with_suffix(".both.pem")
        both.write_text(self.key.read_text() + self.file.read_text())
        return both


class Authority:
    """Signs certificates; who trusts `file` trusts them."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        """Make its key and its own certificate in `directory`."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.file = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        rules = directory / f"{name}.cnf"
        rules.write_text(OF_AUTHORITY)
        _openssl(
            *("req", "-x509", *CURVE, "-nodes", "-days", DAYS, "-subj", f"/CN={name}"),
            *("-config", rules, "-keyout", self._key, "-out", self.file),
        )

    def sign(self, name: str, *, password: str | None = None, names: str = LOOPBACK) -> Certificate:
        """Return a certificate for `/CN=name` of servers and clients.

        Args:
            name: Of its owner.
            password: Encrypts the key.
            names: Addresses of the server, as openssl's `subjectAltName` takes them.
        """
        file, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        request, rules = file.with_suffix(".csr"), file.with_suffix(".ext")
        rules.write_text(SIGNED.format(names=names))
        locked = ("-passout", f"pass:{password}") if password else ("-nodes",)
        _openssl(
            "req", "-new", *CURVE, *locked, "-subj", f"/CN={name}", "-keyout", key, "-out", request
        )
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key),
            *("-CAcreateserial", "-days", DAYS, "-extfile", rules, "-out", file),
        )
        return Certificate(file, key)


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
