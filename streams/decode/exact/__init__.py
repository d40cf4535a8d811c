"""The exact path: one value at a time through JSON and the models, which decide."""
