"""The rows of the fault table, by theme; importing this package registers all."""

from tests.chaos.rows import broker, input, model, store, upgrade, workers
from tests.chaos.table import ROWS

__all__ = ["ROWS", "broker", "input", "model", "store", "upgrade", "workers"]
