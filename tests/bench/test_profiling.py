"""How samples of stacks become shares."""

from omnifil_bench.profiling import group_of, where_it_goes

_SITE = "/venv/lib/python3.11/site-packages"


def test_a_sample_counts_for_its_innermost_function() -> None:
    outer = "run (asyncio/runners.py:1);link (case_service/handlers/linking.py:9)"
    found = where_it_goes(
        f"{outer};encode ({_SITE}/bson/__init__.py:3) 30\n{outer};decide (case_service/domain/rules.py:4) 10\n"
    )

    assert found["samples"] == 40
    assert found["groups"] == {"MongoDB driver": 75.0, "case_service: domain": 25.0}
    assert list(found["functions"].values()) == [75.0, 25.0]
    assert next(iter(found["functions"])) == "encode (site-packages/bson/__init__.py)"


def test_files_belong_to_what_they_are_part_of() -> None:
    assert group_of(f"{_SITE}/aiokafka/producer/sender.py") == "Kafka client"
    assert group_of("libs/messaging/src/omnifil_messaging/producer.py") == "messaging"
    assert group_of("services/customer-profile/src/customer_profile/handlers.py") == "customer_profile: handlers"
    assert group_of("services/case-service/src/case_service/ports.py") == "case_service: the rest"
    assert group_of("json/encoder.py") == "Python's library and others"
