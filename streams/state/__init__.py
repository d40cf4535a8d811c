"""Customer state in Redis: what is stored, how it is committed, and the worker's cache of it."""
