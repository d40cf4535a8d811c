"""The dashboard: what Kafka's outputs say, in columns in memory, and a page that shows it.

Data: `feed` reads the topics into the `board`, whose queries return `views`. It asks nobody else.
"""
