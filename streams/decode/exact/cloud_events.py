"""CloudEvents 1.0 over Kafka: binary mode (`ce_*` headers) and structured mode.

What the event itself lacks, the envelope gives: `ce_id` → `event_id`, `ce_time` → `occurred_at`,
`ce_subject` → `customer_id`, `ce_sequence` → `sequence`, `ce_type` → `type` (its last dotted part).
"""

from collections.abc import Mapping
from typing import Any, Final

from scoring.events import TYPES
from streams.decode.exact.parsing import Fields
from streams.decode.exact.refusal import Refusal, shown

_STRUCTURED: Final = "application/cloudevents"
_ATTRIBUTES: Final = {
    "id": "event_id", "time": "occurred_at", "subject": "customer_id", "sequence": "sequence",
}  # fmt: skip  # the last is an extension of the specification's own


def unwrap(fields: Fields, headers: Mapping[str, bytes]) -> Fields:
    """Return the fields of the event in an envelope, or `fields` when there is none.

    Raises `Refusal` when the envelope holds no JSON object.
    """
    if not headers:
        return fields
    content_type = headers.get("content-type", b"").decode("utf-8", "replace").lower()
    if content_type.startswith(_STRUCTURED):
        return _merged(_content(fields, content_type), fields)
    attributes = {
        name.removeprefix("ce_"): value.decode("utf-8", "surrogateescape")
        for name, value in headers.items()
        if name.startswith("ce_")
    }
    return _merged(fields, attributes)


def _content(envelope: Fields, content_type: str) -> Fields:
    if content_type.startswith(f"{_STRUCTURED}-batch"):
        raise Refusal("WrongType", "a batch of CloudEvents is not taken: send one a record")
    content = envelope.get("data")
    if isinstance(content, Fields):
        return content
    if "data_base64" in envelope:
        raise Refusal("WrongType", "field `data_base64` is not taken: send the event as `data`")
    if content is None:
        raise Refusal("MissingField", "field `data` of the CloudEvent is missing")
    raise Refusal("WrongType", f"field `data` is {shown(content)}: must be a JSON object")


def _merged(event: Fields, attributes: Mapping[str, Any]) -> Fields:
    for attribute, field in _ATTRIBUTES.items():
        if event.get(field) is None and attributes.get(attribute) is not None:
            event[field] = attributes[attribute]
    kind = str(attributes.get("type", "")).rpartition(".")[2]
    if event.get("type") is None and kind in TYPES:
        event["type"] = kind
    return event
