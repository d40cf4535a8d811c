"""JSON Schema of the event types, for producers; `python -m streams.schemas` writes the files."""
