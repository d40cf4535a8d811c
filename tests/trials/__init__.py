"""What real users' trouble did to ValuePulse: each kind, tried as they would, with right values.

The rows come from public bug reports of people who do this job. A test names what must hold.
"""
