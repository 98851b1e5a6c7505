"""The verdict above the surfaces follows from the numbers, also where they disagree."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normscape.gallery.stories import STORIES
from normscape.specs import EvaluationSpec, Experiment, SurfaceSpec
from normscape.views.session.seeds import SeedRatios
from normscape.views.surface.answer import Answer, range_of_seeds
from normscape.views.surface.caveats import caveats, disagreement, opposing, seeds_of_pair, unlearned
from normscape.views.surface.measures import Measures, compared_pair
from normscape.views.surface.tiles import NO_GRADIENTS, tile_values
from normscape.views.surface.verdict import Verdict, gradient_change, verdict
from normscape.views.texts.flatness import claim_of_several, where
from normscape.views.widgets.numbers import MISSING, PENDING

NONE = Measures(0.43, 5.7, 0.74, 0.975, 0.1)
BATCH = Measures(0.17, 1.0, 0.21, 0.986, 0.06)


def test_the_second_of_two_networks_is_compared_with_the_first() -> None:
    assert compared_pair({"No normalization": NONE, "Batch norm": BATCH}) == ("Batch norm", "No normalization")
    assert verdict({"No normalization": NONE, "Batch norm": BATCH}) == (
        "**Batch norm is flatter here.**",
        r"Largest curvature $\lambda_{\max}$ 0.170 vs. 0.430 (2.5× lower) · scale-free curvature 5.7× lower · "
        "held-out accuracy 98.6 % vs. 97.5 %.",
    )
    swapped = verdict({"Batch norm": BATCH, "No normalization": NONE})
    assert swapped.claim == "**No normalization is sharper here.**"


@pytest.mark.parametrize(
    ("values", "claim"),
    [
        ((0.43, 0.17, 0.165), "RMS norm and batch norm are about equally flat here; no normalization is the sharpest."),
        ((0.43, 0.17, 0.42), "Batch norm is the flattest here; RMS norm and no normalization are about equally sharp."),
        ((0.43, 0.17, 0.3), "Flattest here: Batch norm. Sharpest: No normalization."),
        ((0.43, 0.42, 0.41), "All 3 networks are about as flat here."),
        (
            (0.45, 0.43, 0.40),
            "No clear order here: RMS norm, batch norm and no normalization differ by less than 10 % from one to "
            "the next.",
        ),
    ],
)
def test_networks_that_are_about_equally_flat_are_not_ranked(values: tuple[float, ...], claim: str) -> None:
    labels = "No normalization", "Batch norm", "RMS norm"
    assert claim_of_several(dict(zip(labels, values, strict=True))) == f"**{claim}**"


@pytest.mark.parametrize(
    ("values", "claim"),
    [
        ((1.0, 1.08, 1.16, 2.0), "a, b and c are the flattest and differ by less than 10 % from one to the next here;"),
        ((1.0, 2.0, 2.16, 2.3), "a is the flattest here; b, c and d are the sharpest and differ by less than 10 %"),
        ((1.0, 2.0, 2.1, 4.0), "Flattest here: a. Sharpest: d."),
    ],
)
def test_a_chain_of_near_ties_is_never_split(values: tuple[float, ...], claim: str) -> None:
    assert claim_of_several(dict(zip("abcd", values, strict=True))).startswith(f"**{claim}")


def test_of_several_networks_the_flattest_is_compared_with_the_one_without_normalization() -> None:
    layer = Measures(0.3, 2.0, 0.5, 0.98, 0.08)
    measured = {"Layer norm": layer, "No normalization": NONE, "Batch norm": BATCH}
    assert compared_pair(measured) == ("Batch norm", "No normalization")
    assert verdict(measured) == (
        "**Flattest here: Batch norm. Sharpest: No normalization.**",
        r"Largest curvature $\lambda_{\max}$ 0.170 to 0.430 (2.5× apart) · scale-free curvature 5.7× apart · held-out "
        "accuracy 97.5 % to 98.6 %.",
    )
    swapped = measured | {"Layer norm": Measures(0.3, 0.5, 0.5, 0.98, 0.08)}
    assert "scale-free curvature 11× apart: Layer norm lowest, No normalization highest" in verdict(swapped).details
    pending = verdict(measured | {"Layer norm": Measures(None, None, 0.5, 0.98, 0.08)})
    assert pending.claim == "**2 of 3 networks measured.**"
    equal = dict.fromkeys("abc", NONE)
    assert verdict(equal).claim.startswith("**All 3 networks are about as flat here.**")
    waiting = dict.fromkeys("abc", Measures(None, None, 0.5, 0.98, 0.08))
    fits = "Held-out accuracy 98.0 %."
    assert verdict(waiting) == (r"Largest curvature $\lambda_{\max}$ is being measured.", fits)
    assert verdict(waiting, stopped=True) == (r"Largest curvature $\lambda_{\max}$ is not measured.", fits)
    assert verdict({"a": NONE, "b": BATCH}, where="at step 3").claim == "**b is flatter at step 3.**"
    assert compared_pair({"a": layer, "b": BATCH, "c": Measures(0.9, 1.0, 1.0, 0.9, 0.1)}) == ("b", "c")


@pytest.mark.parametrize(
    ("one", "claim"),
    [
        (Measures(0.17, 8.0, 0.2, 0.9, 0.1), "is flatter by one measure and sharper by the other"),
        (Measures(0.44, 5.6, 0.2, 0.9, 0.1), "is about as flat"),
        (Measures(0.44, 1.0, 0.2, 0.9, 0.1), "is flatter"),
        (Measures(0.86, math.nan, 0.2, 0.9, 0.1), "is sharper"),
    ],
)
def test_the_claim_follows_from_both_measures(one: Measures, claim: str) -> None:
    assert verdict({"a": NONE, "b": one}).claim == f"**b {claim} here.**"


def test_a_curvature_that_is_not_positive_makes_no_claim() -> None:
    claim = verdict({"a": NONE, "b": Measures(math.nan, math.nan, 0.2, 0.9, 0.1)}).claim
    assert claim.endswith("it compares nothing, since one of them is not positive.")


def test_there_is_no_claim_before_the_curvature_is_known() -> None:
    one = Measures(None, None, 0.2, 0.9, 0.1)
    assert verdict({"a": NONE, "b": one}) == (
        r"Largest curvature $\lambda_{\max}$ is being measured.",
        "Held-out accuracy 90.0 % vs. 97.5 % (b vs. a).",
    )


def test_a_gradient_that_changes_more_where_the_curvature_is_lower_is_named() -> None:
    assert opposing("b", BATCH, NONE) is None
    rough = replace(BATCH, bound=1.48)
    assert opposing("b", rough, NONE) == "Across the slice, though, the gradient of b changes more (2×)."
    assert opposing("a", NONE, rough) == "Across the slice, though, the gradient of a changes less (2×)."
    assert opposing("b", replace(BATCH, bound=math.nan), NONE) is None
    of_several = opposing("b", rough, NONE, "c")
    assert of_several == "Across the slice, though, the gradient of b changes more than that of c (2×)."


def test_a_regression_has_a_held_out_loss_in_place_of_an_accuracy() -> None:
    one, other = (Measures(0.1, 1.0, 1.0, math.nan, loss) for loss in (0.25, 0.5))
    assert verdict({"a": one, "b": other}).details.endswith("held-out loss 0.500 vs. 0.250.")
    assert [label for label, *_ in tile_values(other, one)][3] == "Held-out loss"


def test_tiles_hold_the_change_against_the_other_network() -> None:
    tiles = {label: (value, change) for label, value, change, _ in tile_values(BATCH, NONE)}
    assert tiles[r"Largest curvature $\lambda_{\max}$"] == ("0.170", "2.5× lower")
    assert tiles["Gradient change in the slice"] == ("0.210", "3.5× lower")
    assert tiles["Held-out accuracy"] == ("98.6 %", "+1.1 points")
    assert tiles["Scale-free curvature"] == ("1.00", "5.7× lower")
    assert {change for _, _, change, _ in tile_values(BATCH, None)} == {None}


def test_losses_only_have_a_tile_that_says_how_to_measure_gradients() -> None:
    losses = replace(BATCH, bound=None)
    pending, finished = (
        next(tile for tile in tile_values(losses, NONE, missing) if tile[0] == "Gradient change in the slice")
        for missing in (PENDING, MISSING)
    )
    assert pending[1:3] == (PENDING, None)
    assert finished[1:3] == (MISSING, NO_GRADIENTS)


def test_published_weights_are_trained_weights() -> None:
    published = STORIES["ResNet-56 with and without shortcuts"].experiment
    assert where(published.variants()) == "at the trained weights"


@pytest.mark.parametrize(
    ("ratio", "sentence"),
    [
        (2.7, "it was *less* smooth: in its steps the gradient changed 2.7× faster (one seed)."),
        (0.5, None),
        (1.05, None),
    ],
)
def test_a_disagreement_along_training_is_linked(ratio: float, sentence: str | None) -> None:
    found = disagreement("Batch norm", BATCH, NONE, ratio)
    assert (found is None) == (sentence is None)
    if sentence is not None:
        assert found is not None
        assert sentence in found
        assert found.endswith("](along-training)")


def test_the_lines_of_a_picture_have_the_gradient_change_where_it_is_drawn() -> None:
    sentence = gradient_change({"No normalization": NONE, "Batch norm": BATCH})
    assert sentence == (
        "Largest gradient change in the slice: 0.210 with batch norm, 0.740 without normalization (3.5× lower)."
    )
    assert gradient_change({"No normalization": NONE, "Batch norm": replace(BATCH, bound=math.nan)}) == ""
    assert gradient_change({"No normalization": NONE}) == ""
    answer = Answer("", Verdict("Flatter.", "By far."), "", sentence)
    assert answer.spoken("gradient-change-ratio", "log") == f"Flatter.\n{sentence} By far."


def test_a_single_network_has_its_numbers_alone() -> None:
    assert compared_pair({"a": NONE}) is None
    assert verdict({"a": NONE}) == (
        "",
        r"**a:** largest curvature $\lambda_{\max}$ 0.430 · held-out accuracy 97.5 %.",
    )


def test_factors_are_of_what_is_drawn_and_seeds_are_counted() -> None:
    plain, scale_free = SeedRatios((0.4, 0.5, 2.0)), SeedRatios((0.25, 0.25, 0.25))
    pair = {"No normalization": NONE, "Batch norm": BATCH}
    found = verdict(pair, seeds=(plain, scale_free))
    assert found == (
        "**Batch norm is flatter here.**",
        r"Largest curvature $\lambda_{\max}$ 2.5× lower here, 1.4× on average (lower in 2 of 3 training seeds) · "
        "scale-free curvature 5.7× lower here, 4× on average (lower in all 3) · held-out accuracy 98.6 % vs. "
        "97.5 %.",
    )
    tiles = tile_values(BATCH, NONE)
    assert [delta for _, _, delta, _ in tiles[:2]] == ["2.5× lower", "5.7× lower"]  # the same factors
    against = verdict(pair, seeds=(SeedRatios((0.4, 2.0, 8.0)), SeedRatios((0.2, 2.0, 2.0))))
    assert against.claim == "**Batch norm is flatter here, but not with most training seeds.**"
    assert "2.5× lower here, but 1.9× higher on average (lower in only 1 of 3 training seeds)" in against.details
    equal = {"No normalization": NONE, "Batch norm": replace(BATCH, sharpness=NONE.sharpness)}
    assert "about equal here, " in verdict(equal, seeds=(SeedRatios((0.99, 1.0, 1.02)), scale_free)).details
    assert seeds_of_pair(plain, scale_free, "Batch norm", "Layer norm") == (
        r"Batch norm compared with layer norm: $\lambda_{\max}$ is lower in 2 of 3 training seeds, scale-free "
        "curvature lower in all 3."
    )


def test_the_range_over_seeds_is_a_click_away() -> None:
    seeds = SeedRatios((0.4, 0.5, 2.0)), SeedRatios((0.25, 0.25, 0.5))
    assert range_of_seeds(seeds) == (
        r"All factors are of the training that is drawn. Over 3 training seeds, $\lambda_{\max}$ ranges from 2.5× "
        "lower to 2× higher, the scale-free curvature from 4× to 2× lower."
    )


def test_a_picture_has_the_sentences_in_paragraphs_without_links() -> None:
    found = Answer("", Verdict("**b is flatter.**", "98.6 % for b."), "Less smooth. [Details →](along-training)")
    assert found.spoken("loss", "log").split("\n") == [
        "b is flatter.",
        "98.6\N{NO-BREAK SPACE}% for b. Less smooth. Heights are logarithms: a deeper bowl has a lower loss, not a "
        "higher curvature.",
    ]
    assert len(found.spoken("loss", "linear").split("\n")) == 2


def test_numbers_of_verdict_and_tiles_agree() -> None:
    one, other = replace(BATCH, sharpness=4.849), replace(NONE, sharpness=0.0022)
    assert "4.85 vs. 0.00220" in verdict({"a": other, "b": one}).details
    assert next(value for _, value, *_ in tile_values(one, other)) == "4.85"


def test_networks_that_did_not_learn_are_named_beside_those_that_did() -> None:
    variants = Experiment().variants()
    none, batch = variants
    guessing = Measures(0.1, 0.1, 0.1, 0.113, 2.3)
    assert caveats({none: NONE, batch: BATCH}, variants) == []
    assert len(caveats({none: guessing, batch: guessing}, variants)) == 2
    untrained = Experiment(surface=SurfaceSpec(EvaluationSpec(checkpoint=0))).variants()
    assert unlearned({none: guessing, batch: guessing}, untrained) == {}  # no network could have learned yet
    (sentence,) = caveats({none: guessing, batch: BATCH}, variants)
    assert sentence.startswith(f"**{none} did not learn** (11.3 % of held-out samples; chance is 10.0 %)")
