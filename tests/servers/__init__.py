"""Real servers for tests, benchmarks and chaos runs: Apache Kafka (KRaft) and Valkey.

Each server is one child process with its own directory and free ports on 127.0.0.1, ended by its
process id: at the end of its `with` block, or at the latest when the interpreter exits.

Instead of own servers, `VALUEPULSE_TEST_BROKER=host:port` and `VALUEPULSE_TEST_REDIS=redis://…`
name running ones (the Redis database must be empty: tests flush it). Those can't be stopped or
killed from here.
"""

from tests.servers.kafka import BROKER_VARIABLE, Cluster, Kafka, start_kafka
from tests.servers.process import ServerError, free_port
from tests.servers.proxy import Proxy
from tests.servers.topics import create_topics, delete_topics
from tests.servers.valkey import REDIS_VARIABLE, Valkey, start_valkey
from tests.waiting import WaitedTooLongError, wait_until, wait_until_async

__all__ = [
    "BROKER_VARIABLE",
    "REDIS_VARIABLE",
    "Cluster",
    "Kafka",
    "Proxy",
    "ServerError",
    "Valkey",
    "WaitedTooLongError",
    "create_topics",
    "delete_topics",
    "free_port",
    "start_kafka",
    "start_valkey",
    "wait_until",
    "wait_until_async",
]
