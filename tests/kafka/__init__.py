"""Reading Kafka: the record batch parser, and the Faust driver on a real broker."""
