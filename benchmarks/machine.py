"""What this machine is, and what its processes use, read from /proc (Linux)."""

import os
import platform
import re
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

REPOSITORY: Final = Path(__file__).resolve().parents[1]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PACKAGES: Final = (
    "faust-streaming",
    "aiokafka",
    "redis",
    "numba",
    "numpy",
    "orjson",
    "confluent-kafka",
)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far, with its ended children (as of an AOF rewrite)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def memory_mb(pid: int, field: str = "VmHWM") -> float:
    """Return a figure of /proc/PID/status in MiB; by default the largest resident set so far."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        raise ValueError(f"/proc/{pid}/status has no {field}; it has ended, or this is no Linux")
    return int(found[1]) / 1024


class _Cores(NamedTuple):
    """CPU seconds of the whole machine: used by anybody, and taken by other virtual machines."""

    used: float
    stolen: float

    @classmethod
    def now(cls) -> Self:
        first = Path("/proc/stat").read_text("utf-8").splitlines()[0]
        user, nice, system, _, _, irq, soft, steal = (int(x) / _TICKS for x in first.split()[1:9])
        return cls(user + nice + system + irq + soft, steal)


@dataclass(frozen=True, slots=True)
class Used:
    """What was used between two moments: CPU seconds by name, wall seconds, and by all others."""

    seconds: float
    cpu: dict[str, float]
    others_cores: float
    stolen_cores: float


class Usage:
    """A moment from which to count; `pids` are the processes by name. Count ours as well."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids | {"benchmark": os.getpid()}
        self.began = time.monotonic()
        self._cpu = self._now()
        self._cores = _Cores.now()

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def until_now(self) -> Used:
        """Return what has been used since."""
        seconds = time.monotonic() - self.began
        cpu = {name: now - self._cpu[name] for name, now in self._now().items()}
        cores = _Cores.now()
        others = (cores.used - self._cores.used - sum(cpu.values())) / seconds
        return Used(seconds, cpu, max(0.0, others), (cores.stolen - self._cores.stolen) / seconds)


def describe(valkey: str) -> dict[str, Any]:
    """Return machine, date, commit and versions; `valkey` is that server's version."""
    jars = sorted((REPOSITORY / ".cache").glob("kafka-*/libs/kafka_2.13-*.jar"))
    packages = {name: version(name) for name in _PACKAGES}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": _line_of("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(_line_of("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "java": _output("java", "-version").partition("\n")[0],
        "kafka": jars[-1].stem.rpartition("-")[2] if jars else "unknown",
        "valkey": valkey,
        **packages,
    }


def commit() -> str:
    """Return the short commit, with `-dirty` when files differ from it (results left out)."""
    short = _output("git", "rev-parse", "--short", "HEAD").strip() or "unknown"
    changed = _output("git", "status", "--porcelain", "--", ".", ":!benchmarks/results").strip()
    return f"{short}-dirty" if changed else short


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=20
        )
    except FileNotFoundError:
        return ""
    return (done.stdout or done.stderr) if done.returncode == 0 else ""


def _line_of(file: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.+)$", Path(file).read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"
