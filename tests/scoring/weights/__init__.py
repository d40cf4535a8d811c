"""Weights against papers, against other libraries, and against what must hold of any."""
