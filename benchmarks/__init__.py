"""Seconds for generated repositories and suites; `make bench` runs them."""
