"""Decoding: raw records → columns of accepted events, and the reasons for the rest."""

from streams.decode.decoder import Decoded, Decoder, Rejected
from streams.decode.lines import records_of_lines
from streams.decode.rules import InputRules

__all__ = ["Decoded", "Decoder", "InputRules", "Rejected", "records_of_lines"]
