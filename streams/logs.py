"""Logs: JSON lines to stderr, or readable ones on a terminal; customers are hashed, secrets unsaid.

Logs travel further than scores. So a customer's id stands in none: in its place is a keyed hash, by
which the lines of one customer can still be found.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from hashlib import blake2b
from secrets import token_hex
from typing import Any, Final, Literal, NamedTuple

import structlog
from structlog.typing import Processor

CUSTOMERS: Final = ("customer", "customers", "customer_id")
_HASH_BYTES: Final = 8
_LIBRARIES: Final = (
    "aiokafka",
    "asyncio",
    "faust",
    "mode",
    "numba",
    "redis",
    "streams.kafka",
    "uvicorn",
)
"""`streams.kafka` are Faust's own services under our names: they tell of every start and stop."""

_CARRIERS: Final = ("aiokafka.conn",)
"""At DEBUG they tell every request byte by byte: passwords as they log in, and all events."""

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Format = Literal["auto", "json", "console"]


def configure(
    level: Level = "INFO", form: Format = "auto", customer_key: str | None = None
) -> None:
    """Send the logs of this program and of its libraries to stderr.

    Args:
        level: Libraries tell their warnings and errors only, unless it is DEBUG.
        form: `auto` is readable on a terminal, and one JSON object a line elsewhere.
        customer_key: Customers are hashed with it, at most 64 bytes; None: with one that only this
            process has.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        HashedCustomers(customer_key or token_hex()),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    readable = form == "console" or (form == "auto" and sys.stderr.isatty())
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if readable:
        plain = structlog.dev.plain_traceback
        last.append(
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        )
    else:
        last += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
    )
    root = logging.getLogger()
    root.handlers[:] = [stderr]
    root.setLevel(level)
    quiet = logging.NOTSET if level == "DEBUG" else max(logging.WARNING, root.level)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(quiet)
    for name in _CARRIERS:
        logging.getLogger(name).setLevel(max(logging.INFO, quiet))


# ------------------------------------------------------------------------------- Kafka's client


class Overheard(NamedTuple):
    """A remark of Kafka's client, and the error that it is about, if it names one."""

    text: str
    error: BaseException | None


@contextmanager
def kafka_client_overheard() -> Iterator[list[Overheard]]:
    """Keep Kafka's client quiet where its errors are raised, and told once and clearly.

    Yields what it would have logged: why a connection failed stands only there.
    """
    said: list[Overheard] = []
    logger = logging.getLogger("aiokafka")
    listener = _Listener(said)
    logger.addHandler(listener)
    logger.propagate = logger.getEffectiveLevel() <= logging.DEBUG
    try:
        yield said
    finally:
        logger.propagate = True
        logger.removeHandler(listener)


class _Listener(logging.Handler):
    def __init__(self, said: list[Overheard]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        values = record.args if isinstance(record.args, tuple) else ()
        errors = [value for value in values if isinstance(value, BaseException)]
        self._said.append(Overheard(record.getMessage(), errors[-1] if errors else None))


# ------------------------------------------------------------------------------------- customers


class HashedCustomers:
    """Puts a hash in the place of each customer that is logged, at every level."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Change an entry before it is written, as structlog asks."""
        for name in CUSTOMERS:
            if name in event:
                event[name] = self._hashed(event[name])
        return event

    def _hashed(self, customer: Any) -> Any:
        if isinstance(customer, (list, tuple, set, frozenset)):
            return [self._hashed(each) for each in customer]
        text = customer if isinstance(customer, bytes) else str(customer).encode()
        return blake2b(text, digest_size=_HASH_BYTES, key=self._key).hexdigest()
