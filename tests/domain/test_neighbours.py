"""What a skill takes from its neighbours."""

from skillctl.domain.neighbours import Loss, Prompt, lost
from skillctl.domain.selection import Offer

BREAD = Offer("bread", "Bakes bread and rolls")
CAKES = Offer("cakes", "Decorates cakes")
PROMPTS = [
    Prompt("bread", "rolls", "six rolls of rye"),
    Prompt("bread", "loaf", "bread please"),
    Prompt("bread", "unsaid", "a baguette"),
    Prompt("bread", "lost-already", "decorate this"),
    Prompt("cakes", "cake", "a cake with roses"),
]


def test_a_neighbour_that_says_something_else_takes_nothing() -> None:
    assert lost(Offer("soup", "Cooks soup"), [BREAD, CAKES], PROMPTS) == ()


def test_a_greedy_neighbour_takes_what_it_says_louder() -> None:
    greedy = Offer("rye", "Rye rolls, rye bread: rolls of rye only")
    assert lost(greedy, [CAKES, BREAD], PROMPTS) == (Loss(PROMPTS[0], ("rolls", "rye"), ("rolls",)),)


def test_what_nobody_won_is_no_loss() -> None:
    everything = Offer("all", "A baguette; decorates everything", ("decorate", "baguette"))
    assert lost(everything, [BREAD, CAKES], PROMPTS) == ()


def test_its_own_prompts_and_versions_are_no_neighbours() -> None:
    older = Offer("cakes", "Bakes rye bread, rolls and rye cakes")
    prompts = [*PROMPTS, Prompt("cakes", "own", "rye bread")]
    assert lost(CAKES, [older, BREAD], prompts) == ()
    assert [loss.prompt.case for loss in lost(older, [CAKES, BREAD], prompts)] == ["rolls"]
