"""The examples of every rule, here too: they are tests of the domain, and its coverage counts them."""

from tests.test_examples import test_it_is_judged_as_it_says

__all__ = ["test_it_is_judged_as_it_says"]
