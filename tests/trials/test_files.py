"""Files as they are found: packed, cut, in other encodings, of other kinds, one a type."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.decode import InputRules
from streams.errors import CheckError, UsageError
from streams.event_files import EventFile, chunks, lines, open_events
from streams.file_kinds import binary_kind, seems
from streams.merged_files import MergedFiles
from streams.model_file import load_model
from streams.packaged import PACKAGED
from tests.cli.command import valuepulse
from tests.trials.trying import Event, command, event, ndjson, payment, sale, tried

DAY_MS = 86_400_000
THREE = ndjson([sale(), sale(), sale()])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(THREE.decode().encode("utf-16"), id="utf-16"),
        pytest.param(THREE.decode().encode("utf-16-le"), id="utf-16 without mark"),
        pytest.param(THREE.decode().encode("utf-16-be"), id="utf-16, the other end first"),
        pytest.param(THREE.decode().encode("utf-32"), id="utf-32"),
        pytest.param(THREE.decode().encode("utf-8-sig"), id="utf-8 with mark"),
        pytest.param(gzip.compress(THREE), id="gzip without its name"),
        pytest.param(gzip.compress(THREE[:90]) + gzip.compress(THREE[90:]), id="two gzip members"),
        pytest.param(gzip.compress(THREE.decode().encode("utf-16")), id="both"),
        pytest.param(THREE.replace(b"\n", b"\r\n\r\n \t\r\n"), id="blank lines"),
        pytest.param(THREE.rstrip(b"\n"), id="no end of the last line"),
    ],
)
def test_the_same_events_are_read_whatever_they_are_packed_in(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(content)
    decoder = InputRules().decoder(load_model(PACKAGED / "scoring.yaml", calibrated=False))
    reader = MergedFiles([path], decoder, 2 * 10**12)
    for _ in reader:
        assert 0 < reader.position() <= len(content)
    assert (reader.accepted, reader.rejected.total(), reader.late) == (3, 0, 0)
    with open_events(path) as file:
        assert [json.loads(line) for _, line in lines(file)] == [
            json.loads(line) for line in THREE.splitlines()
        ]


BROKEN = {
    "cut.ndjson": gzip.compress(THREE * 200)[:-200],
    "crc.ndjson": gzip.compress(THREE)[:-8] + b"12345678",
    "header.ndjson": gzip.compress(THREE)[:5],
    "plain.ndjson.gz": THREE,
    "half.ndjson": THREE.decode().encode("utf-16")[:-1],
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command_name", ["replay", "send", "clv fit"])
def test_a_file_that_cannot_be_read_to_its_end_is_named(
    name: str, command_name: str, tmp_path: Path
) -> None:
    """The same sentence of every command, exit 2; `send` has not asked for Kafka by then."""
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    with pytest.raises(UsageError, match=f"{name}: cannot be read: "), open_events(path) as file:
        list(chunks(file))
    if command_name == "send":
        return  # tests/cli/test_send.py: it needs topics
    out = ["--out", str(tmp_path / "out")] if command_name == "replay" else []
    ended = valuepulse(*command_name.split(), path, *out)
    assert ended.code == 2
    assert f"{path}: cannot be read: " in ended.err


@pytest.mark.parametrize("command_name", ["replay", "send", "clv fit"])
def test_a_folder_is_no_file(command_name: str, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")] if command_name == "replay" else []
    ended = valuepulse(*command_name.split(), tmp_path, *out)
    assert ended.code == 2
    assert f"{tmp_path}: is a folder: name the files in it" in ended.err


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


OTHERS = {
    "a Parquet file": b"PAR1" + bytes(range(256)) * 40,
    "an Excel workbook (XLSX)": workbook(),
    "packed with zstd": b"\x28\xb5\x2f\xfd" + bytes(2_000),
    "CSV with the columns customer_id, amount, date: ": b"customer_id,amount,date\n7,1,2\n" * 300,
    "a JSON array": json.dumps([sale(), sale()], indent=0).encode(),
    "JSON over several lines": json.dumps(sale(), indent=1).encode(),
    "XML or HTML": b"<events>\n<event/>\n</events>\n",
    "it is empty": b"\n\n",
    "no acceptable events": ndjson([sale("-1")]),
    "it is no text": bytes(range(128, 256)) * 20,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_run_that_took_no_event_fails_and_says_what_the_file_seems_to_be(
    kind: str, tmp_path: Path
) -> None:
    ended = command(tmp_path, OTHERS[kind])
    assert ended.code == 4
    told = ended.err.strip().splitlines()[-1]
    assert f"{tmp_path}/events.ndjson: " in told
    assert kind in told
    assert ended.out == ""


def test_text_is_not_taken_for_something_else() -> None:
    assert binary_kind(THREE) is None
    assert seems(b"Hello, World! Nothing here.\n") == (
        "it is some other text: events are NDJSON, one object a line"
    )


def test_why_most_lines_were_rejected_is_told(tmp_path: Path) -> None:
    rows: list[Event | str] = [sale(), *(["x"] * 7), sale("-1")]
    ended = command(tmp_path, ndjson(rows))
    assert ended.code == 0
    assert "8 lines were rejected, most (7) NotJson, the first one events.ndjson:2: " in ended.err
    assert command(tmp_path, ndjson(rows), "events.ndjson", "--strict").code == 4


# ---------------------------------------------------------------------------- several files


def a_history(seed: int, count: int = 600) -> list[Event]:
    """Events in order of time, no two at one instant."""
    chance = random.Random(seed)
    events = []
    for n in range(count):
        at = 1_767_225_600_000 + n * DAY_MS // 4
        customer = f"c{chance.randrange(8)}"
        match chance.choice(["sale", "sale", "payment", "complaint", "praise", "profile"]):
            case "sale":
                amount = str(chance.randrange(1, 9_000))
                made = sale(amount, at, category=str(n % 3), cost=str(n % 50))
            case "payment":
                made = payment("10", at, due_at=at + DAY_MS * chance.randrange(-9, 9))
            case "profile":
                made = event("profile", at, size=chance.choice(["small", "large"]))
            case other:
                made = event(other, at)
        events.append(made | {"customer_id": customer})
    return events


def test_one_file_a_type_gives_what_one_sorted_file_gives(tmp_path: Path) -> None:
    events = a_history(1)
    by_type: dict[str, list[Event]] = {}
    for each in events:
        by_type.setdefault(each["type"], []).append(each)
    for name in ("one", "many"):
        (tmp_path / name).mkdir()
    one = tried(tmp_path / "one", events)
    many = tried(tmp_path / "many", *by_type.values())
    assert len(one.tier_changes) > 20
    assert many.tier_changes == one.tier_changes
    assert many.customers == one.customers
    assert (one.summary.late, many.summary.late) == (0, 0)


def test_files_behind_each_other_are_still_told_as_late(tmp_path: Path) -> None:
    """It was silent: tiers depend on the order in which events come."""
    events = a_history(2, 100)
    ended = command(tmp_path, ndjson(events[50:] + events[:50]))
    assert ended.code == 0
    assert "50 events are older than one before them in their file" in ended.err
    assert json.loads((tmp_path / "out/summary.json").read_text())["late"] == 50


quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=60),
    st.integers(100, 3_000),
)
@quick
def test_files_are_merged_by_the_newest_time_of_each(
    tmp_path: Path, rows: list[tuple[int, int]], size: int
) -> None:
    """Whatever the chunks, each file's own order is kept; the oracle sorts."""
    files: list[list[Event]] = [[] for _ in range(4)]
    placed = []
    newest = [0] * 4
    for n, (file, second) in enumerate(rows):
        at = 1_767_225_600_000 + second * 1000
        made = event("praise", at) | {"event_id": str(n), "customer_id": f"c{n % 5}"}
        files[file].append(made if n % 4 else event("profile", at, size=str(n)) | made)
        newest[file] = max(newest[file], at)
        placed.append((newest[file], file, str(n)))
    paths = []
    for n, events in enumerate(files):
        paths.append(tmp_path / f"{n}.ndjson")
        paths[-1].write_bytes(ndjson(events))
    decoder = InputRules().decoder(load_model(PACKAGED / "scoring.yaml", calibrated=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.merged_files._SMALLEST_CHUNK", size)
        patch.setattr("streams.merged_files.CHUNK_BYTES", size)
        reader = MergedFiles(paths, decoder, 2 * 10**12)
        found = []
        for merged in reader:
            decoded = merged.decoded
            for e in range(decoded.record.size):
                start = int(decoded.event_id_start[e])
                length = int(decoded.event_id_length[e])
                name = decoded.texts[start : start + length].tobytes().decode()
                chunk, record = merged.line(e)
                assert json.loads(chunk.value(record))["event_id"] == name
                customer = decoded.customers[decoded.events.customer[e]].decode()
                assert customer == f"c{int(name) % 5}"
                found.append(name)
    expected = [name for _, _, name in sorted(placed, key=lambda each: each[:2])]
    assert found == expected
    late = sum(at < seen for _, at, seen in _seen(rows))
    assert (reader.late, reader.accepted) == (late, len(rows))


def _seen(rows: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Each row with the newest time of its file before it."""
    newest = [0] * 4
    seen = []
    for file, second in rows:
        seen.append((file, second, newest[file]))
        newest[file] = max(newest[file], second)
    return seen


def test_memory_is_bounded_by_chunks(tmp_path: Path) -> None:
    """Of a file, no more than a chunk and the piece that was read are held."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(THREE * 1_000)

    class Counted(EventFile):
        largest = 0

        def read(self, size: int) -> bytes:
            found = super().read(size)
            Counted.largest = max(Counted.largest, len(found))
            return found

    with path.open("rb") as raw:
        pieces = list(chunks(Counted(path, raw), 10_000))
    assert b"".join(pieces) == THREE * 1_000
    assert max(map(len, pieces)) < 20_500
    assert Counted.largest <= 10_000
    assert np.all([piece.endswith(b"\n") for piece in pieces])


def test_a_kind_without_lines_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(OTHERS["a Parquet file"])
    with pytest.raises(CheckError, match="is a Parquet file"), open_events(path):
        pass
