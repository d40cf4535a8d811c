"""Which event stands behind a position of a batch."""

from scoring.events import Handover
from scoring.measures import TYPE_OF_KIND
from streams.decode import Decoded
from streams.output.messages import Cause


def cause_in(decoded: Decoded, position: int) -> Cause:
    """Return type, id and time of an accepted event; of a handover those of what is behind it."""
    command = decoded.commands.get(position)
    if isinstance(command, Handover):
        return Cause(command.because_type, command.because_id, command.occurred_at)
    start = int(decoded.event_id_start[position])
    text = decoded.texts[start : start + int(decoded.event_id_length[position])].tobytes().decode()
    return Cause(
        TYPE_OF_KIND[decoded.events.kind[position]], text, int(decoded.events.at[position])
    )
