"""What the schema files hold."""

import json

from scoring.events import schemas


def contents() -> dict[str, str]:
    """Return the text of each schema file by its name, generated from the models."""
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }
