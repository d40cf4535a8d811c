"""Why a customer stands where it stands: the kernel run for one customer, term by term."""

from streams.explanation.whole import explanation, standing

__all__ = ["explanation", "standing"]
