"""What the figures were measured on is told as it is."""

from omnifil_bench import machine
from omnifil_devstack.jars import classpath


def test_the_version_of_kafka_is_that_of_the_broker_that_runs() -> None:
    """Not that of a jar which lies beside it on its class path."""
    assert f"/kafka_2.13-{machine.facts()['kafka']}.jar" in classpath("kafka")
