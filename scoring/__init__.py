"""Customer value scoring: pure functions of events and a day. No I/O, clock, logging or async.

Reading order: `measures` (what an event adds), `columns` (a batch of events), `model` (the YAML),
`program` (the model as arrays), `layout` (a customer's state), `kernel` (one step of a batch).
Apart from these: `weights` (where a model's weights come from), `weighting` (how it records them).
"""
