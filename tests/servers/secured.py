"""Servers that let nobody in without credentials, over TLS: a Kafka and a Valkey.

Each has one more listener, on the loopback address and without TLS, for the tests' own tools: they
look at topics and keys as the servers' owner. What is tested gets the addresses of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import redis
from confluent_kafka.admin._acl import AclBinding
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.servers.certificates import Authority
from tests.servers.kafka import QUICK_START, Kafka, _kraft
from tests.servers.process import free_port
from tests.servers.tls_terminator import TlsTerminator
from tests.servers.topics import ANSWER_S, admin
from tests.servers.valkey import Valkey

ITERATIONS = 4096
SECURITY = "org.apache.kafka.common.security"


class SecuredKafka(Kafka):
    """A Kafka with the listeners `sasl_ssl` (SCRAM-SHA-512, PLAIN) and `mutual_tls`, and ACLs.

    `bootstrap` is the owner's, for tests alone. The user of a client certificate is
    `User:CN=<its name>`.
    """

    def __init__(
        self, directory: Path, authority: Authority, plain_users: Mapping[str, str]
    ) -> None:
        """Take the passwords of the users that log in by PLAIN; `add_user` adds those of SCRAM."""
        owners, sasl, mutual, controller = (free_port() for _ in range(4))
        self.sasl_ssl, self.mutual_tls = f"127.0.0.1:{sasl}", f"127.0.0.1:{mutual}"
        directory.mkdir(parents=True, exist_ok=True)
        settings = _kraft(owners, controller, directory.resolve() / "records")
        settings |= _secured(authority, plain_users)
        clients = (
            f"PLAINTEXT://127.0.0.1:{owners},SASL_SSL://{self.sasl_ssl},SSL://{self.mutual_tls}"
        )
        settings |= {
            "listeners": f"{clients},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": clients,
        }
        super().__init__(
            directory,
            bootstrap=f"127.0.0.1:{owners}",
            settings=settings,
            java=("-Xmx512m", *QUICK_START),
        )

    def add_user(self, name: str, password: str) -> None:
        """Let a user log in by SCRAM-SHA-512; until ACLs say otherwise, it may do nothing."""
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        added = UserScramCredentialUpsertion(name, how, password.encode())
        client = admin(self.bootstrap)
        for done in client.alter_user_scram_credentials([added]).values():
            done.result(ANSWER_S)

    def allow(self, rules: Sequence[AclBinding]) -> None:
        """Add ACLs."""
        client = admin(self.bootstrap)
        for done in client.create_acls(list(rules)).values():
            done.result(ANSWER_S)


def _secured(authority: Authority, plain_users: Mapping[str, str]) -> dict[str, object]:
    users = " ".join(f'user_{name}="{password}"' for name, password in plain_users.items())
    protocols = ("CONTROLLER:PLAINTEXT", "PLAINTEXT:PLAINTEXT", "SASL_SSL:SASL_SSL", "SSL:SSL")
    return {
        "listener.security.protocol.map": ",".join(protocols),
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{SECURITY}.scram.ScramLoginModule required;"
        ),
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f"{SECURITY}.plain.PlainLoginModule required {users};"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": authority.sign("kafka").with_key(),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.file,
        "listener.name.ssl.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # on the owner's listener, and of broker and controller
    }


class SecuredValkey(Valkey):
    """A Valkey whose default user has a password; `url` is the owner's, for tests alone."""

    def __init__(self, directory: Path, *, password: str) -> None:
        """Choose a port; `tls` puts TLS in front of it."""
        self.port = free_port()
        options = ("--bind", "127.0.0.1", "--maxmemory-policy", "noeviction")
        secured = ("--appendonly", "yes", "--save", "", "--requirepass", password)
        super().__init__(directory, port=self.port, options=(*options, *secured))
        self.url = f"redis://:{password}@127.0.0.1:{self.port}/0"

    def tls(
        self, directory: Path, authority: Authority, *, name: str = "valkey", mutual: bool = False
    ) -> TlsTerminator:
        """Return a running listener with TLS; with `mutual` clients need a certificate."""
        return TlsTerminator(
            directory,
            target=self.port,
            certificate=authority.sign(name),
            client_authority=authority.file if mutual else None,
        ).start()

    def set_user(self, name: str, rules: Sequence[str]) -> None:
        """Make or change an ACL user."""
        with redis.Redis.from_url(self.url) as client:
            client.execute_command("ACL", "SETUSER", name, "reset", *rules)
