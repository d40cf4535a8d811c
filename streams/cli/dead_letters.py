"""`valuepulse dlq`: what could not be used: list it, look at it, send it back."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import aclosing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, DryRun, settings_of

if TYPE_CHECKING:
    from streams.dead_letters import DeadLetter
    from streams.settings import Settings

At = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As `dlq ls` tells it.")]
Ats = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PARTITION:OFFSET]...", help="As `dlq ls` tells it."),
]
ErrorKind = Annotated[
    str | None,
    typer.Option("--error", metavar="KIND", help="Only of this kind, like MissingField."),
]
Origin = Annotated[
    str | None, typer.Option("--topic", metavar="NAME", help="Only what came from this topic.")
]
Last = Annotated[int, typer.Option("--last", min=0, help="So many of the newest; 0: all.")]
Edit = Annotated[
    Path | None,
    typer.Option(
        "--edit",
        metavar="FILE",
        help="Lines of `dlq show --json` with a mended `value`, as text or as JSON object.",
    ),
]
Every = Annotated[
    bool, typer.Option("--all", help="All that are kept, as --error and --topic say.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Dead letters: what could not be used.")
    group.command("ls")(ls)
    group.command("show")(show)
    group.command("redrive")(redrive)
    app.add_typer(group, name="dlq")


def ls(
    last: Last = 50,
    error: ErrorKind = None,
    topic: Origin = None,
    broker: Broker = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """List dead letters."""
    from streams.cli.output import print_json, print_table

    settings = settings_of(config, broker=broker)
    letters = asyncio.run(_read(settings, error, topic, last))
    if json:
        for letter in letters:
            print_json(letter.as_json())
    else:
        rows = [(x.at, x.as_json()["arrived_at"], x.id, x.error, x.message) for x in letters]
        print_table(("at", "arrived", "from", "error", "message"), rows)


def show(at: At, broker: Broker = None, config: ConfigFile = None, json: AsJson = False) -> None:
    """Show one dead letter whole."""
    from streams.cli.output import print_json

    (letter,) = asyncio.run(_read_at(settings_of(config, broker=broker), [_place(at)]))
    facts = letter.as_json()
    if json:
        print_json(facts)
        return
    value = facts.pop("value")
    headers = facts.pop("headers")
    for name, fact in (facts | headers).items():
        typer.echo(f"{name}: {'-' if fact is None else fact}")
    typer.echo(f"\n{'(no value)' if value is None else value}")


def redrive(
    ats: Ats = None,
    edit: Edit = None,
    every: Every = False,
    error: ErrorKind = None,
    topic: Origin = None,
    dry_run: DryRun = False,
    broker: Broker = None,
    config: ConfigFile = None,
) -> None:
    """Send dead letters back to the topics they came from.

    Named ones and --all go back byte for byte, for instance after a mended model. To mend an event,
    write it to a file with `valuepulse dlq show 2:17 --json > mended.ndjson`, edit its `value`
    there, and send it with `valuepulse dlq redrive --edit mended.ndjson`.

    Record batches that could not be read (BatchTooLarge, CorruptBatch) are not sent back.

    A mended event is keyed by its `customer_id`. Dead letters stay in their topic until its
    retention ends; an event that was already applied is recognised by its id and counts once.
    """
    from streams.cli.output import print_table
    from streams.errors import UsageError

    if [bool(ats), edit is not None, every].count(True) != 1:
        raise UsageError("say which: PARTITION:OFFSET..., --edit FILE, or --all")
    if (error or topic) and not every:
        raise UsageError("--error and --topic choose among --all")
    settings = settings_of(config, broker=broker)
    sent = asyncio.run(_redrive(settings, ats or [], edit, error, topic, dry_run))
    print_table(("at", "to", "error"), [(x.at, x.topic, x.error) for x in sent])
    typer.echo(f"{len(sent)} {'would be' if dry_run else 'were'} sent back")


# ----------------------------------------------------------------------------------------- reading


def _place(at: str) -> tuple[int, int]:
    from streams.errors import UsageError

    partition, _, offset = at.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise UsageError(f"{at!r} is no place of a dead letter; write it like 2:17, see `dlq ls`")
    return int(partition), int(offset)


async def _read(
    settings: "Settings", error: str | None, topic: str | None, last: int = 0
) -> "list[DeadLetter]":
    """Read the newest that fit, in order of arrival; `last` 0: all."""
    from streams.dead_letters import letter_of
    from streams.topic_reading import read_to_end
    from streams.topics import Topics

    newest: defaultdict[int, deque[DeadLetter]] = defaultdict(lambda: deque(maxlen=last or None))
    async for record in read_to_end(settings, Topics.of(settings).name("dead_letters")):
        letter = letter_of(record)
        if error in (None, letter.error) and topic in (None, letter.topic):
            newest[letter.partition].append(letter)
    letters = chain.from_iterable(newest.values())
    ordered = sorted(letters, key=lambda x: (x.timestamp, x.partition, x.offset))
    return ordered[-last:]


async def _read_at(settings: "Settings", places: list[tuple[int, int]]) -> "list[DeadLetter]":
    """Read the dead letters at given places.

    Raises:
        CheckError: There is none at one of them, or no longer.
    """
    from streams.dead_letters import letter_of
    from streams.errors import CheckError
    from streams.topic_reading import read_to_end
    from streams.topics import Topics

    name = Topics.of(settings).name("dead_letters")
    found = []
    for partition, offset in places:
        async with aclosing(read_to_end(settings, name, {partition: offset})) as reading:
            async for record in reading:
                if record.offset == offset:
                    found.append(letter_of(record))
                break
        if not found or found[-1].at != f"{partition}:{offset}":
            raise CheckError(f"there is no dead letter at {partition}:{offset}; see `dlq ls`")
    return found


# --------------------------------------------------------------------------------------- redriving


async def _redrive(
    settings: "Settings",
    ats: list[str],
    edit: Path | None,
    error: str | None,
    topic: str | None,
    dry_run: bool,
) -> "list[DeadLetter]":
    from streams.clients import kafka_producer

    if edit is not None:
        mended = _mended(edit)
        letters = [
            _edited(x, mended[x.at]) for x in await _read_at(settings, list(map(_place, mended)))
        ]
    elif ats:
        letters = await _read_at(settings, [_place(at) for at in ats])
    else:
        letters = [x for x in await _read(settings, error, topic) if not x.is_batch]
    _require_events(letters)
    _require_inputs(settings, letters)
    if letters and not dry_run:
        async with kafka_producer(settings) as producer:
            deliveries = [
                await producer.send(x.topic, key=x.key, value=x.value, headers=x.headers)
                for x in letters
            ]
            await asyncio.gather(*deliveries)
    return letters


def _require_events(letters: "list[DeadLetter]") -> None:
    from streams.errors import CheckError

    for letter in letters:
        if letter.is_batch:
            raise CheckError(
                f"{letter.at} is a whole record batch that cannot be read, not an event: send its "
                f"events again from where they came; nothing was sent"
            )


def _require_inputs(settings: "Settings", letters: "list[DeadLetter]") -> None:
    from streams.errors import CheckError
    from streams.topics import Topics

    inputs = Topics.of(settings).event_types()
    for letter in letters:
        if letter.topic not in inputs:
            raise CheckError(
                f"{letter.at} came from {letter.topic or 'nowhere known'!r}, which is no input "
                f"topic of these settings ({', '.join(inputs)}); nothing was sent"
            )


def _mended(file: Path) -> dict[str, Any]:
    """Read mended values by place."""
    import orjson

    from streams.errors import UsageError

    mended = {}
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                letter = orjson.loads(line)
                mended[str(letter["at"])] = letter["value"]
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                raise UsageError(f"{file}:{number}: needs `at` and `value`: {error!r}") from None
    if not mended:
        raise UsageError(f"{file}: holds no dead letter; write lines as `dlq show --json` does")
    return mended


def _edited(letter: "DeadLetter", value: Any) -> "DeadLetter":
    """Put a mended event in the place of what came in; its customer is the key."""
    import orjson

    from streams.errors import UsageError

    content = value.encode() if isinstance(value, str) else orjson.dumps(value)
    try:
        event = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the mended value of {letter.at} is not JSON: {error}") from None
    customer = event.get("customer_id") if isinstance(event, Mapping) else None
    key = customer.encode() if isinstance(customer, str) else letter.key
    return letter._replace(key=key, value=content)
