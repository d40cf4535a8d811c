"""Everything that touches the world: Kafka, Redis, files, the command line."""
