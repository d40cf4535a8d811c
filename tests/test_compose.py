"""docker-compose.yml, tried without a container engine: its servers start with its settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from ruamel.yaml import YAML

from tests.servers import BROKER_VARIABLE, Kafka, Valkey, create_topics, free_port
from tests.servers.topics import admin

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    services: dict[str, Any] = compose["services"]
    return services


def broker_settings(environment: Mapping[str, object]) -> dict[str, str]:
    """Return broker properties as the apache/kafka image makes them of its environment."""
    names = [n for n in environment if n.startswith("KAFKA_") and n != "KAFKA_HEAP_OPTS"]
    return {n.removeprefix("KAFKA_").replace("_", ".").lower(): str(environment[n]) for n in names}


def on_this_machine(value: str, ports: Mapping[str, int]) -> str:
    """Put free ports for those of the container, and this machine for the container's names."""
    for inside, free in ports.items():
        value = value.replace(f":{inside}", f":{free}")
    return re.sub(r"//(kafka|localhost)?:", "//127.0.0.1:", value).replace("@kafka:", "@127.0.0.1:")


def test_every_image_of_others_is_pinned_by_its_digest(services: dict[str, Any]) -> None:
    """A tag can be moved to another image; a digest cannot."""
    images = {
        name: service["image"] for name, service in services.items() if "build" not in service
    }
    assert set(images) == {"kafka", "valkey"}
    assert all(PINNED.fullmatch(image) for image in images.values()), images


def test_no_port_is_open_to_other_machines(services: dict[str, Any]) -> None:
    """Neither server asks for a password here."""
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports), ports


@pytest.mark.skipif(
    BROKER_VARIABLE in os.environ, reason=f"{BROKER_VARIABLE} is set: no own broker"
)
def test_the_broker_starts_with_the_settings_of_the_file_and_serves_both_listeners(
    services: dict[str, Any], tmp_path: Path
) -> None:
    ports = {inside: free_port() for inside in ("19092", "9092", "29093")}
    given = broker_settings(services["kafka"]["environment"])
    settings = {name: on_this_machine(value, ports) for name, value in given.items()}
    settings["log.dirs"] = str(tmp_path / "records")
    inside, outside = (f"127.0.0.1:{ports[port]}" for port in ("19092", "9092"))
    with Kafka(tmp_path, bootstrap=inside, settings=settings).start():
        create_topics(inside, {"transactions": 2})
        assert "transactions" in admin(outside).list_topics(timeout=10).topics


def test_the_store_starts_with_the_command_of_the_file_and_neither_forgets_nor_evicts(
    services: dict[str, Any], tmp_path: Path
) -> None:
    server, *options = services["valkey"]["command"]
    assert server == "valkey-server"
    store = Valkey(tmp_path, port=free_port(), options=options).start()
    with store, redis.Redis.from_url(store.url) as client:
        settings = client.config_get("maxmemory-policy", "appendonly", "save")
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "save": ""}
