"""How the property tests of the domain run: the same on every machine, and nothing is kept between runs."""

from hypothesis import settings

settings.register_profile("domain", max_examples=60, deadline=None, database=None, derandomize=True)
settings.load_profile("domain")
