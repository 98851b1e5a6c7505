"""The sentence that says what other pages measure."""

import pytest

from normscape.specs import Display, Experiment
from normscape.views.session import address
from normscape.views.texts.other_quantities import QUANTITIES, WHY, other_quantities
from normscape.views.texts.questions import QUESTIONS


@pytest.mark.parametrize("page", [*(one.page for one in QUANTITIES), "Curvature"])
def test_a_page_names_the_quantities_of_the_others_and_links_to_the_same_experiment(page: str) -> None:
    experiment, display = Experiment(values=("none", "layer")), Display()
    text = other_quantities(page, experiment, display)
    query = address.of(experiment, display).removeprefix("/")
    assert text.startswith(f"{WHY}. ")
    same = {page, "Surfaces"} if page == "Curvature" else {page}  # both are about λ_max
    for one in QUANTITIES:
        assert one.page in QUESTIONS
        assert (f"[{one.page}]({one.path}{query}): {one.name}" in text) == (one.page not in same)
