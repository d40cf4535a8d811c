"""Tier changes and alerts as lines for a terminal."""

import time
from typing import Any, Final

_DRIVERS: Final = 2


def line_of(said: dict[str, Any], name: str, *, starred: bool) -> str:
    """Return one outcome as a line with rich's markup: who, what, and what moved it."""
    star = "[bold yellow]★[/bold yellow]" if starred else " "
    what = _alert(said) if "alert" in said else _tier_change(said)
    moved = "; ".join(f"{d['indicator']} {d['delta']:+.1f}" for d in said["drivers"][:_DRIVERS])
    by = said["cause"].get("type", "the day's turn")
    return f"{time.strftime('%H:%M:%S')} {star} {name}  {what}  [dim]{by}: {moved}[/dim]"


def _alert(said: dict[str, Any]) -> str:
    if said["state"] == "resolved":
        return "[green]✓ resolved 预警解除[/green]"
    return f"[bold red]⚠ value drop 价值下降 −{said['drop']:.1f}[/bold red]"


def _tier_change(said: dict[str, Any]) -> str:
    colour, arrow = ("green", "▲") if said["direction"] == "up" else ("red", "▼")
    scores = f"{said['previous_score']:.1f} → {said['score']:.1f}"
    return f"[bold {colour}]{arrow} {said['from']} → {said['to']}[/bold {colour}] {scores}"
