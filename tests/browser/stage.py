"""A dashboard with all that it needs, as processes: Kafka's topics, a worker, a shop's events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from streams.cli.playing import addressed_event, anything_fits, send_all
from streams.clients import kafka_producer
from streams.dashboard.tokens import new_token
from streams.packaged import PACKAGED
from streams.sending import BATCH_BYTES, EventSender
from streams.shop import CAST, Event, history, name_of, story
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.processes import Process
from tests.servers.process import free_port
from tests.waiting import wait_until

SEED: Final = 7
COMPANIES: Final = 300
OWNER: Final = "陈静"
PEOPLE: Final = {"viewer": None, "manager": OWNER, "admin": None}
"""Roles, and the owner of the one who has it."""
RISER, VIP = CAST


class Stage:
    """A running dashboard at `url` with a shop of `COMPANIES`; `tokens` are texts by role."""

    def __init__(self, run: Installation, url: str, tokens: dict[str, str]) -> None:
        """Take what `stage` has started."""
        self.run, self.url, self.tokens = run, url, tokens
        self.start_ms = int(time.time() * 1000)
        self._story = [event for _, event in story(SEED, self.start_ms)]

    def send(self, events: Iterable[Event]) -> int:
        """Send events to their topics; return how many."""
        with ThreadPoolExecutor(1) as apart:  # Playwright has an event loop in this thread
            return apart.submit(asyncio.run, self._send(list(events))).result()

    async def _send(self, events: list[Event]) -> int:
        async with kafka_producer(self.run.settings, max_batch_size=BATCH_BYTES) as producer:
            sender = await EventSender.create(producer, self.run.settings)
            await send_all(sender, map(addressed_event, events), anything_fits)
            return sender.sent

    def play(self, customer: str) -> None:
        """Let a company of the story act its part, as of now."""
        self.send(event for event in self._story if event["customer_id"] == customer)

    def ask(self, path: str, role: str = "admin", **query: Any) -> Any:
        """Return what the API answers to a GET."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        answer = httpx.get(f"{self.url}{path}", params=query, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def tier_of(self, customer: str) -> str:
        """Return the tier of a customer's value as the dashboard knows it."""
        told = self.ask(f"/api/customers/{customer}")
        return next(str(s["tier"]) for s in told["scores"] if s["name"] == "value")


@contextmanager
def stage(directory: Path, bootstrap: str, redis_url: str) -> Iterator[Stage]:
    """Run worker and dashboard until the block ends, the shop's past scored and shown."""
    ports = free_port(), free_port()
    tokens, file = _people(directory)
    with (
        input_topics(bootstrap) as inputs,
        installation(
            directory, bootstrap, redis_url, inputs, PACKAGED / "scoring.yaml",
            http_port=ports[0],
            dashboard__port=ports[1],
            dashboard__tokens_file=file,
            dashboard__worker_url=f"http://127.0.0.1:{ports[0]}",
        ) as run,
    ):  # fmt: skip
        run.worker()
        page = Process(
            run.directory / "dashboard", ("-m", "streams.cli", "dashboard"), run.environment
        )
        with page:
            page.start()
            made = Stage(run, f"http://127.0.0.1:{ports[1]}", tokens)
            made.send(history(SEED, made.start_ms, COMPANIES))
            run.wait_until_caught_up()
            wait_until(lambda: _shows(page, made), "the dashboard to show all customers", 60)
            yield made


def _shows(page: Process, made: Stage) -> bool:
    page.must_run()
    try:
        answer = made.ask("/api/pyramid")
    except httpx.HTTPError:
        return False
    return bool(answer["customers"] == COMPANIES and not answer["as_of"]["behind"])


def _people(directory: Path) -> tuple[dict[str, str], Path]:
    """Write a file of tokens with one of each role; return the texts by role, and the file."""
    made = {role: new_token(role, role, owner) for role, owner in PEOPLE.items()}
    file = directory / "tokens.yaml"
    file.write_text("\n".join(token.line() for _, token in made.values()), "utf-8")
    return {role: text for role, (text, _) in made.items()}, file


def shop_name(customer: str) -> str:
    """Return the name of a company."""
    return name_of(SEED, customer)
