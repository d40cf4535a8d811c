"""What settings say of the events that come in, the same for a worker and for files."""

from typing import NamedTuple, Self

from scoring.model import Model
from scoring.money import Rates
from streams.decode.decoder import Decoder
from streams.decode.exact.envelopes import NO_ENVELOPES, Envelopes
from streams.decode.exact.instants import ANY_INSTANT, Instants
from streams.settings import Settings


class InputRules(NamedTuple):
    """How large and how late in the future an event may be, and which instants are plausible.

    `envelopes` are what is taken off.
    """

    max_bytes: int = 65_536
    future_limit_ms: int = 300_000
    instants: Instants = ANY_INSTANT
    envelopes: Envelopes = NO_ENVELOPES

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return those of the settings."""
        return cls(
            settings.max_event_bytes,
            int(settings.future_limit_minutes * 60_000),
            Instants.of(settings.earliest_day, settings.bare_times),
            Envelopes(settings.skip_registry_prefix, settings.unwrap_debezium),
        )

    def decoder(self, model: Model) -> Decoder:
        """Return a decoder by a model's time zone, base currency and rates."""
        return Decoder(
            timezone=model.timezone,
            base_currency=model.currencies.base,
            rates=Rates(model.currencies.base, model.currencies.rates),
            max_bytes=self.max_bytes,
            future_limit_ms=self.future_limit_ms,
            instants=self.instants,
            envelopes=self.envelopes,
        )
