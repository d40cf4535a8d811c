"""What is odd in a model that can be used. Pure, like all of scoring.

Reading order: `findings`, `alone` (what the model itself shows), `ranks`, `on_customers` (what
shows on customers).
"""
