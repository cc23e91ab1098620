"""Seconds for generated repositories; `make bench` runs them."""
