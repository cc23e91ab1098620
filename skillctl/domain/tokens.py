"""How much of a model's context a text takes, without any model's tokenizer."""

#: English prose and code have about four characters to a token in the tokenizers of today.
CHARACTERS = 4


def estimate(text: str) -> int:
    """The tokens of a text, rounded up; an estimate to compare with advice, not with a bill."""
    return -(-len(text) // CHARACTERS)
