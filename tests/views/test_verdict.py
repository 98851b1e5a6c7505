"""The verdict above the surfaces follows from the numbers, also where they disagree."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normscape.specs import EvaluationSpec, Experiment, SurfaceSpec
from normscape.views.session.seeds import SeedRatios
from normscape.views.surface.caveats import caveats, disagreement, drawn_training, opposing, over_seeds
from normscape.views.surface.tiles import tile_values
from normscape.views.surface.verdict import Measures, compared_pair, verdict

NONE = Measures(0.43, 5.7, 0.74, 0.975, 0.1)
BATCH = Measures(0.17, 1.0, 0.21, 0.986, 0.06)


def test_the_second_of_two_networks_is_compared_with_the_first() -> None:
    assert compared_pair({"No normalization": NONE, "Batch norm": BATCH}) == ("Batch norm", "No normalization")
    assert verdict({"No normalization": NONE, "Batch norm": BATCH}) == (
        r"**Batch norm is flatter here.** sharpness $\lambda_{\max}$ 0.17 vs. 0.43 (2.5× lower) · "
        "scale-free 5.7× lower · held-out accuracy 98.6 % vs. 97.5 %"
    )
    assert verdict({"Batch norm": BATCH, "No normalization": NONE}).startswith("**No normalization is sharper here.**")


def test_of_several_networks_the_flattest_is_compared_with_the_one_without_normalization() -> None:
    layer = Measures(0.3, 2.0, 0.5, 0.98, 0.08)
    measured = {"Layer norm": layer, "No normalization": NONE, "Batch norm": BATCH}
    assert compared_pair(measured) == ("Batch norm", "No normalization")
    assert verdict(measured) == (
        "**Flattest here: Batch norm. Sharpest: No normalization.** "
        r"sharpness $\lambda_{\max}$: Batch norm 0.17, Layer norm 0.3, No normalization 0.43 (2.5× apart)"
        " · scale-free 5.7× apart · held-out accuracy 97.5 % (No normalization) to 98.6 % (Batch norm)"
    )
    swapped = measured | {"Layer norm": Measures(0.3, 0.5, 0.5, 0.98, 0.08)}
    assert "scale-free 11× apart: Layer norm lowest, No normalization highest" in verdict(swapped)
    assert "Layer norm: being measured" in verdict(measured | {"Layer norm": Measures(None, None, 0.5, 0.98, 0.08)})
    equal = dict.fromkeys("abc", NONE)
    assert verdict(equal).startswith("**All 3 networks are about as flat here.**")
    waiting = dict.fromkeys("abc", Measures(None, None, 0.5, 0.98, 0.08))
    fits = "held-out accuracy 98.0 % (a) to 98.0 % (a)"
    assert verdict(waiting) == rf"Sharpness $\lambda_{{\max}}$ is being measured · {fits}"
    assert verdict(waiting, stopped=True) == rf"Sharpness $\lambda_{{\max}}$ is not measured · {fits}"
    assert verdict({"a": NONE, "b": BATCH}, where="at step 3").startswith("**b is flatter at step 3.** ")
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
    assert f"**b {claim} here.**" in verdict({"a": NONE, "b": one})


def test_there_is_no_claim_before_the_curvature_is_known() -> None:
    one = Measures(None, None, 0.2, 0.9, 0.1)
    assert verdict({"a": NONE, "b": one}) == (
        r"Sharpness $\lambda_{\max}$ is being measured · held-out accuracy 90.0 % vs. 97.5 %"
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
    assert verdict({"a": one, "b": other}).endswith("held-out loss 0.5 vs. 0.25")
    assert [label for label, *_ in tile_values(other, one)][2] == "Held-out loss"


def test_tiles_hold_the_change_against_the_other_network() -> None:
    tiles = {label: (value, change) for label, value, change, _ in tile_values(BATCH, NONE)}
    assert tiles[r"Sharpness $\lambda_{\max}$"] == ("0.17", "2.5× lower")
    assert tiles[r"Gradient change $(L\ge)$"] == ("0.21", "3.5× lower")
    assert tiles["Held-out accuracy"] == ("98.6 %", "+1.1 points")
    assert tiles[r"$2/\lambda_{\max}$ without momentum"] == ("11.8", "2.5× higher")
    assert {change for _, _, change, _ in tile_values(BATCH, None)} == {None}


@pytest.mark.parametrize(
    ("ratio", "sentence"),
    [
        (2.7, "Along training (first seed), Batch norm is *less* smooth (2.7×)"),
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


def test_a_single_network_has_its_numbers_alone() -> None:
    assert compared_pair({"a": NONE}) is None
    assert verdict({"a": NONE}) == r"**a.** sharpness $\lambda_{\max}$ 0.43 · held-out accuracy 97.5 %"


def test_the_verdict_on_one_seed_names_the_others() -> None:
    plain, scale_free = SeedRatios((0.4, 0.5, 2.0)), SeedRatios((0.25, 0.25, 0.25))
    assert plain.mean == pytest.approx(0.4 ** (1 / 3))
    assert over_seeds(plain, scale_free, "Batch norm", "Layer norm") == (
        r"**Mean of 3 training seeds**, Batch norm vs. Layer norm: $\lambda_{\max}$ 1.4× lower (in 2 of 3) · "
        "scale-free 4× lower (in all 3)."
    )
    higher = over_seeds(SeedRatios((0.5, 2.0, 8.0)), scale_free)
    assert higher.startswith("**Mean of 3 training seeds**: ")
    assert r"$\lambda_{\max}$ 2× higher (in 2 of 3)" in higher


def test_the_first_line_says_which_training_it_is_of() -> None:
    variants = Experiment().variants()
    assert drawn_training(variants) == "Training seed 0, drawn below"
    pair = {"a": NONE, "b": BATCH}
    sharpness = r"sharpness $\lambda_{\max}$ 0.17"
    assert f"**b is flatter here.** Training seed 0, drawn below: {sharpness}" in verdict(
        pair, drawn=drawn_training(variants)
    )
    untrained = Experiment(surface=SurfaceSpec(EvaluationSpec(checkpoint=0)))
    assert drawn_training(untrained.variants()) == ""
    assert drawn_training(Experiment(compare="run.training.seed", values=(0, 1)).variants()) == ""


def test_numbers_of_verdict_and_tiles_agree() -> None:
    one, other = replace(BATCH, sharpness=4.849), replace(NONE, sharpness=0.0022)
    assert "4.85 vs. 0.0022" in verdict({"a": other, "b": one})
    assert next(value for _, value, *_ in tile_values(one, other)) == "4.85"


def test_networks_that_did_not_learn_are_named_beside_those_that_did() -> None:
    variants = Experiment().variants()
    none, batch = variants
    guessing = Measures(0.1, 0.1, 0.1, 0.113, 2.3)
    assert caveats({none: NONE, batch: BATCH}, variants) == []
    assert caveats({none: guessing, batch: guessing}, variants) == []
    (sentence,) = caveats({none: guessing, batch: BATCH}, variants)
    assert sentence.startswith(f"**{none} did not learn**: held-out accuracy 11.3 %, with 10.0 % by chance.")
