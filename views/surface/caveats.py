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

ONE_SEED = "One training seed: see *Variation across seeds* under *Numbers*."


def qualification(measured: Mapping[str, Measures], variants: Variants) -> str:
    """Return what qualifies the verdict, with a link to the page Along training if its results say the opposite."""
    sentences = caveats(measured, variants)
    if (pair := compared_pair(measured)) is not None:
        sentences.append(opposing(pair[0], measured[pair[0]], measured[pair[1]]) or "")
        runs = [run for run, _ in variants.values()]
        one_seed = not any(run.weights for run in runs) and len({run.training.seed for run in runs}) == 1
        if one_seed and measured[pair[0]].sharpness is not None:
            ratios = stored_seed_ratios(variants, *pair)
            sentences.append(over_seeds(*ratios, *(pair if len(measured) > 2 else ())) if ratios else ONE_SEED)
        if (ratio := stored_ratio(variants, *pair)) is not None:
            sentences.append(disagreement(pair[0], measured[pair[0]], measured[pair[1]], ratio.median) or "")
    return " ".join(filter(None, sentences))


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
    found = {label: chance[label] for label, one in measured.items() if _guesses(one.accuracy, chance[label])}
    return found if len(found) < len(measured) else {}


def _guesses(accuracy: float, chance: float) -> bool:
    """Whether an accuracy is at most a fifth of the way from chance to 1."""
    return accuracy <= chance + (1.0 - chance) / 5


def opposing(subject: str, one: Measures, other: Measures) -> str | None:
    """Return a sentence if the gradient changes less where λ_max is higher, or more where it is lower.

    Args:
        subject: the network that the verdict is about.
        one: its measures.
        other: those of the network that it is compared with.
    """
    curvature, change = sign(one.sharpness, other.sharpness), sign(one.bound, other.bound)
    if not curvature or change != -curvature or one.bound is None or other.bound is None:
        return None
    words = "more" if change > 0 else "less"
    return f"Across the slice, though, the gradient of {subject} changes {words} ({times(one.bound, other.bound)})."


def over_seeds(plain: SeedRatios, scale_free: SeedRatios, subject: str = "", reference: str = "") -> str:
    """Return a sentence on λ_max over training seeds; the surfaces show the first of them.

    Args:
        plain: the ratios of λ_max.
        scale_free: those of its scale-free form.
        subject: the network that the verdict is about, if there are more than two.
        reference: the one that it is compared with.
    """
    seeds, pair = len(plain.ratios), f" of {subject} relative to {reference}" if subject else ""
    return rf"Over {seeds} training seeds, $\lambda_{{\max}}${pair} is {_over(plain)}, scale-free {_over(scale_free)}."


def _over(ratios: SeedRatios) -> str:
    """Return "lower in 4 (1.5×)", with the geometric mean."""
    mean, count = ratios.mean, len(ratios.ratios)
    agreeing, word = (ratios.lower, "lower") if mean < 1 else (count - ratios.lower, "higher")
    return f"{word} in {'all' if agreeing == count else agreeing} (mean {times(mean, 1.0)})"


def disagreement(subject: str, one: Measures, other: Measures, ratio: float) -> str | None:
    """Return a sentence if smoothness along training contradicts the surfaces, None if it does not.

    Args:
        subject: the network that the verdict is about.
        one: its measures.
        other: those of the network that it is compared with.
        ratio: effective β-smoothness along training of the first relative to the second (D9).
    """
    signs = [sign(one.sharpness, other.sharpness), sign(one.scale_free, other.scale_free)]
    along = sign(ratio, 1.0)
    if not along or along * -1 not in signs:
        return None
    words = "*less* smooth" if along > 0 else "*smoother*"
    return (
        f"Along training (first seed), {subject} is {words} ({times(ratio, 1.0)}). "
        "[See Along training →](along-training)"
    )
