"""`make correlation-bench`."""

from correlation_bench.command import main

main()
