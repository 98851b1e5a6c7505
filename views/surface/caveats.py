"""What qualifies the verdict: networks that did not learn or diverged, other training seeds, and the training path."""

from __future__ import annotations

import re
from collections.abc import Mapping

from normscape.jobs import Job
from normscape.landscape import Run, load_data
from normscape.views.session.job_queue import job_queue
from normscape.views.session.requests import stored_ratio
from normscape.views.session.results import Variants
from normscape.views.session.seeds import SeedRatios, stored_seed_ratios
from normscape.views.surface.verdict import Measures, compared_pair, sign, times
from normscape.views.widgets.numbers import percent
from normscape.views.widgets.story_texts import guesses

ONE_SEED = "One training seed: see *Variation across seeds* under *Numbers*."


def qualification(measured: Mapping[str, Measures], variants: Variants) -> str:
    """Return what qualifies the verdict, with a link to the page Along training if its results say the opposite."""
    sentences = caveats(measured, variants)
    if (pair := compared_pair(measured)) is not None:
        against = pair[1] if len(measured) > 2 else ""
        if training_seed(variants) is not None and measured[pair[0]].sharpness is not None:
            ratios = stored_seed_ratios(variants, *pair)
            sentences.append(over_seeds(*ratios, *(pair if len(measured) > 2 else ())) if ratios else ONE_SEED)
        sentences.append(opposing(pair[0], measured[pair[0]], measured[pair[1]], against) or "")
        if (ratio := stored_ratio(variants, *pair)) is not None:
            sentences.append(disagreement(pair[0], measured[pair[0]], measured[pair[1]], ratio.median, against) or "")
    return " ".join(filter(None, sentences))


def training_seed(variants: Variants) -> int | None:
    """Return the training seed that all compared networks share, None with several or with published weights."""
    runs = [run for run, _ in variants.values()]
    seeds = {run.training.seed for run in runs}
    return seeds.pop() if len(seeds) == 1 and not any(run.weights for run in runs) else None


def drawn_training(variants: Variants) -> str:
    """Return which training the surfaces and their numbers are of, empty where a seed does not say it."""
    seed = training_seed(variants)
    trained = any(run.training.steps and surface.evaluation.checkpoint != 0 for run, surface in variants.values())
    if seed is None or not trained:
        return ""
    return f"Training seed {seed}, drawn below"


def without_links(text: str) -> str:
    """Return a qualification for a picture, where nothing can be clicked: without links and hints to the page."""
    text = text.replace(ONE_SEED, ONE_SEED.partition(":")[0] + ".")
    return re.sub(r" ?\[[^\]]*\]\([^)]*\)", "", text).replace("**", "").replace("*", "")


def caveats(measured: Mapping[str, Measures], variants: Variants) -> list[str]:
    """Return sentences about networks that did not learn, beside others that did, and about those that diverged."""
    sentences = [
        f"**{label} did not learn**: held-out accuracy {percent(measured[label].accuracy)}, with {percent(chance)} by "
        "chance. How flat it is says little."
        for label, chance in unlearned(measured, variants).items()
    ]
    for label, (spec, surface) in variants.items():
        run: Run | None = None if label in measured else job_queue().result(Job("run", spec))
        if run is not None and run.diverged_at is not None:
            checkpoint = surface.evaluation.checkpoint
            at = "" if checkpoint is None else f" of step {checkpoint}"
            sentences.append(
                f"**{label} diverged** at step {run.diverged_at}, and has no surface{at}. Move the training step back "
                "to see the last weights that were kept."
            )
    return sentences


def unlearned(measured: Mapping[str, Measures], variants: Variants) -> dict[str, float]:
    """Return the accuracy by chance of every network that did not learn, beside others that did."""
    chance = {label: 1.0 / load_data(variants[label][0].data).outputs for label in measured}
    found = {label: chance[label] for label, one in measured.items() if guesses(one.accuracy, chance[label])}
    return found if len(found) < len(measured) else {}


def opposing(subject: str, one: Measures, other: Measures, against: str = "") -> str | None:
    """Return a sentence if the gradient changes less where λ_max is higher, or more where it is lower.

    Args:
        subject: the network that the verdict is about.
        one: its measures.
        other: those of the network that it is compared with.
        against: the name of that network, if there are more than two.
    """
    curvature, change = sign(one.sharpness, other.sharpness), sign(one.bound, other.bound)
    if not curvature or change != -curvature or one.bound is None or other.bound is None:
        return None
    words = "more" if change > 0 else "less"
    than = f" than that of {against}" if against else ""
    return (
        f"Across the slice, though, the gradient of {subject} changes {words}{than} ({times(one.bound, other.bound)})."
    )


def over_seeds(plain: SeedRatios, scale_free: SeedRatios, subject: str = "", reference: str = "") -> str:
    """Return a sentence on λ_max over training seeds; the surfaces show the first of them.

    Args:
        plain: the ratios of λ_max.
        scale_free: those of its scale-free form.
        subject: the network that the verdict is about, if there are more than two.
        reference: the one that it is compared with.
    """
    pair = f", {subject} vs. {reference}" if subject else ""
    return (
        f"**Mean of {len(plain.ratios)} training seeds**{pair}: "
        rf"$\lambda_{{\max}}$ {_over(plain)} · scale-free {_over(scale_free)}."
    )


def _over(ratios: SeedRatios) -> str:
    """Return "1.5× lower (in 4 of 5)", with the geometric mean."""
    mean, count = ratios.mean, len(ratios.ratios)
    agreeing, word = (ratios.lower, "lower") if mean < 1 else (count - ratios.lower, "higher")
    return f"{times(mean, 1.0)} {word} (in {f'all {count}' if agreeing == count else f'{agreeing} of {count}'})"


def disagreement(subject: str, one: Measures, other: Measures, ratio: float, against: str = "") -> str | None:
    """Return a sentence if smoothness along training contradicts the surfaces, None if it does not.

    Args:
        subject: the network that the verdict is about.
        one: its measures.
        other: those of the network that it is compared with.
        ratio: effective β-smoothness along training of the first relative to the second (D9).
        against: the name of the second network, if there are more than two.
    """
    signs = [sign(one.sharpness, other.sharpness), sign(one.scale_free, other.scale_free)]
    along = sign(ratio, 1.0)
    if not along or along * -1 not in signs:
        return None
    words = "*less* smooth" if along > 0 else "*smoother*"
    than = f" than {against}" if against else ""
    return f"Along training (first seed), {subject} is {words}{than} ({times(ratio, 1.0)}). [Details →](along-training)"
