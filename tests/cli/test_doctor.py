"""`valuepulse doctor` with a real broker and a real store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Ended, valuepulse
from tests.servers import Valkey, free_port, start_valkey
from tests.servers.valkey import REDIS_VARIABLE

ALL = ["python", "kernel cache", "kernel", "settings", "model", "kafka", "topics", "keys"]


def states(ended: Ended) -> dict[str, str]:
    return {finding["name"]: finding["state"] for finding in ended.json()["findings"]}


def test_it_finds_nothing_wrong_where_everything_is_right(
    installation: dict[str, str], valkey: Valkey
) -> None:
    ended = valuepulse("doctor", "--redis", valkey.url, "--json", variables=installation)
    assert ended.code == 0, ended.out
    stores = ["redis", "redis appendonly", "redis maxmemory-policy"]
    assert states(ended) == dict.fromkeys([*ALL, *stores], "ok")


def test_warm_looks_at_this_machine_alone() -> None:
    ended = valuepulse("doctor", "--warm", "--broker", f"127.0.0.1:{free_port()}", "--json")
    assert ended.code == 0, ended.out
    assert list(states(ended)) == ALL[:3]


def test_servers_that_do_not_answer_are_told_both(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    ended = valuepulse("doctor", "--broker", nowhere, "--redis", f"redis://{nowhere}", "--json")
    assert ended.code == 3
    assert [n for n, state in states(ended).items() if state == "failed"] == ["kafka", "redis"]


def test_a_store_that_forgets_or_evicts_is_a_failed_check(
    installation: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REDIS_VARIABLE, raising=False)  # its settings must not be changed
    options = ("--maxmemory-policy", "allkeys-lru")
    with start_valkey(tmp_path, appendonly=False, extra=options) as store:
        ended = valuepulse("doctor", "--redis", store.url, variables=installation)
    assert ended.code == 4
    assert "failed   redis appendonly: off -> CONFIG SET appendonly yes" in ended.out
    assert "failed   redis maxmemory-policy: allkeys-lru" in ended.out


def test_a_cache_that_cannot_be_written_is_a_failed_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    variables = {"NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache")}
    ended = valuepulse("doctor", "--warm", "--json", variables=variables)
    assert states(ended)["kernel cache"] == "failed"
    assert ended.code == 4
