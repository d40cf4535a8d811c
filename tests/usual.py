"""Where the model of usual size is."""

from pathlib import Path

USUAL_MODEL = Path(__file__).parent / "usual.yaml"
