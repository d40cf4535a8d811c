"""Every metric: name, unit, one sentence. No customer ids as labels."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


class Metrics:
    """The metrics of one worker, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.events = Counter(
            "valuepulse_events",
            "Events committed, by outcome: applied, duplicate, different (same id, other content), "
            "too_large, erased or refused.",
            ["outcome"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "valuepulse_dead_letters",
            "Records sent to the dead letters.",
            ["topic", "error"],
            registry=registry,
        )
        self.tier_changes = Counter(
            "valuepulse_tier_changes",
            "Tier changes decided.",
            ["score", "from_tier", "to_tier", "direction"],
            registry=registry,
        )
        self.segment_changes = Counter(
            "valuepulse_segment_changes",
            "Changes of segments decided, of those that the model tells.",
            ["segment", "from_class", "to_class"],
            registry=registry,
        )
        self.alerts = Counter(
            "valuepulse_value_alerts",
            "Value alerts decided.",
            ["alert", "state"],
            registry=registry,
        )
        self.batches = Counter("valuepulse_batches", "Batches committed.", registry=registry)
        self.snapshots = Counter(
            "valuepulse_snapshots", "Snapshots published to the CRM feed.", registry=registry
        )
        self.turns = Counter(
            "valuepulse_turns", "Customers brought to a new day by its turn.", registry=registry
        )
        self.handovers = Counter(
            "valuepulse_handovers",
            "What merged customers gave those that they are merged into, or must be told.",
            registry=registry,
        )
        self.step_seconds = Histogram(
            "valuepulse_step_seconds",
            "Time of one batch, by step.",
            ["step"],
            buckets=SECONDS,
            registry=registry,
        )
        self.event_age_seconds = Histogram(
            "valuepulse_event_age_seconds",
            "From a record's time in Kafka to its commit, the newest of each batch.",
            buckets=SECONDS,
            registry=registry,
        )
        self.clock_behind = Gauge(
            "valuepulse_clock_behind_seconds",
            "By how much the newest record's time is later than this worker's clock, else 0.",
            registry=registry,
        )
        self.lag = Gauge(
            "valuepulse_consumer_lag",
            "Records not yet committed.",
            ["topic", "partition"],
            registry=registry,
        )
        self.up = Gauge(
            "valuepulse_up",
            "1 while Redis takes commits (store), Kafka takes outcomes (publisher).",
            ["part"],
            registry=registry,
        )
        self.fenced = Counter(
            "valuepulse_fenced",
            "Commits refused because another worker had committed.",
            registry=registry,
        )
        self.rewinds = Counter(
            "valuepulse_rewinds",
            "Times that Redis was found behind what it had confirmed, or empty where it was not.",
            registry=registry,
        )
        self.shards_stopped = Gauge(
            "valuepulse_shards_stopped", "Shards that cannot go on.", registry=registry
        )
        self._up: dict[str, bool] = {}
        for part in TROUBLES:
            self.set_up(part, up=True)

    def set_up(self, part: str, *, up: bool) -> None:
        """Note whether a part that the worker depends on works."""
        self._up[part] = up
        self.up.labels(part).set(int(up))

    def trouble(self) -> str | None:
        """Return what stands still, or None."""
        return "; ".join(TROUBLES[part] for part, up in self._up.items() if not up) or None

    def count(self, said: dict[str, Any]) -> None:
        """Count one outcome, as it is published."""
        if "alert" in said:
            self.alerts.labels(said["alert"], said["state"]).inc()
        elif "segment" in said:
            self.segment_changes.labels(said["segment"], said["from"] or "", said["to"]).inc()
        else:
            move = said["score_name"], said["from"], said["to"], said["direction"]
            self.tier_changes.labels(*move).inc()

    def outcome_counts(self) -> dict[str, int]:
        """Return how many events were applied, tier changes went up and down, and alerts opened."""
        counts = {"applied": 0, "up": 0, "down": 0, "opened": 0}
        for metric, label in (
            (self.events, "outcome"),
            (self.tier_changes, "direction"),
            (self.alerts, "state"),
        ):
            for sample in next(iter(metric.collect())).samples:
                if sample.name.endswith("_total") and sample.labels[label] in counts:
                    counts[sample.labels[label]] += int(sample.value)
        return counts


TROUBLES = {"store": "Redis does not take commits", "publisher": "Kafka does not take outcomes"}
