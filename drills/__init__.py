"""Longer sweeps than the tests run: `make drill`. What they showed stands in benchmarks/README.md."""
