"""Kafka as this project reads it: whole fetched record sets, positions kept outside Kafka.

Reading order: `record_batches` (bytes of a fetch → records), `record_sections` (its compiled part),
`record_sets` (what a fetch gives for one partition), `fetching` (taking them off aiokafka),
`consumer_thread` (where that runs), `driver` (the Faust transport driver).
"""
