"""Logs: JSON lines to stderr, or readable ones on a terminal; no customer is named above DEBUG."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, Literal

import structlog
from structlog.typing import Processor

CUSTOMERS: Final = ("customer", "customers", "customer_id")
_LIBRARIES: Final = ("aiokafka", "asyncio", "faust", "mode", "numba", "redis", "streams.kafka")
"""`streams.kafka` are Faust's own services under our names: they tell of every start and stop."""

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Format = Literal["auto", "json", "console"]


def configure(level: Level = "INFO", form: Format = "auto") -> None:
    """Send the logs of this program and of its libraries to stderr.

    Libraries tell their warnings and errors only, unless the level is DEBUG. `form` `auto` is
    readable on a terminal, and one JSON object a line elsewhere.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        unnamed_customers,
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


@contextmanager
def kafka_client_overheard() -> Iterator[list[str]]:
    """Keep Kafka's client quiet where its errors are raised, and told once and clearly.

    Yields what it would have logged: why a connection failed stands only there.
    """
    said: list[str] = []
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
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def unnamed_customers(
    _logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take customers out of what is logged at INFO and above: logs travel further than scores."""
    if method != "debug":
        for name in CUSTOMERS:
            event.pop(name, None)
    return event
