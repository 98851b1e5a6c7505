"""What qualifies the verdict: networks that did not learn or diverged, other training seeds, and the training path."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from normscape.jobs import Job
from normscape.landscape import Run, load_data
from normscape.specs import RunSpec, SurfaceSpec
from normscape.specs.experiment import Variants
from normscape.specs.fields import replace_at
from normscape.views.session import address
from normscape.views.session.job_queue import job_queue
from normscape.views.session.requests import stored_ratio
from normscape.views.session.seeds import SeedRatios, counted_seeds, stored_seed_ratios, training_seed
from normscape.views.surface.measures import Measures, compared_pair
from normscape.views.surface.seeds_link import LINK
from normscape.views.texts.flatness import SeedPair
from normscape.views.texts.labels import as_noun, as_subject, of_network
from normscape.views.widgets.numbers import percent, sign, times
from normscape.views.widgets.story_texts import guesses

ONE_SEED = f"This is one training seed. {LINK}"

CHECKPOINT = "surface.evaluation.checkpoint"


def qualification(measured: Mapping[str, Measures], variants: Variants, seeds: SeedPair | None) -> str:
    """Return what qualifies the verdict, with a link to the page Along training if its results say the opposite.

    Args:
        measured: what is known of each network, by label.
        variants: the compared networks.
        seeds: as in `verdict.verdict`.
    """
    sentences = []
    if (pair := compared_pair(measured)) is not None:
        against = pair[1] if len(measured) > 2 else ""
        if seeds is None and training_seed(variants) is not None and measured[pair[0]].sharpness is not None:
            sentences.append(ONE_SEED)
        if seeds is not None and against:
            sentences.append(seeds_of_pair(*seeds, *pair))
        sentences.append(opposing(pair[0], measured[pair[0]], measured[pair[1]], against) or "")
        if (ratio := stored_ratio(variants, *pair)) is not None:
            sentences.append(disagreement(pair[0], measured[pair[0]], measured[pair[1]], ratio.median, against) or "")
    return " ".join(filter(None, sentences))


def stored_seeds(measured: Mapping[str, Measures], variants: Variants) -> SeedPair | None:
    """Return the ratios over training seeds of the pair that the verdict is about, None if they are not stored."""
    pair = compared_pair(measured)
    if pair is None or training_seed(variants) is None or measured[pair[0]].sharpness is None:
        return None
    return stored_seed_ratios(variants, *pair)


def without_links(text: str) -> str:
    """Return a qualification for a picture, where nothing can be clicked: without links and hints to the page."""
    return re.sub(r" ?\[[^\]]*\]\([^)]*\)", "", text).replace("**", "").replace("*", "")


def caveats(measured: Mapping[str, Measures], variants: Variants) -> list[str]:
    """Return sentences about networks that did not learn, and about those that diverged."""
    sentences = [
        f"**{as_subject(label)} did not learn** ({percent(measured[label].accuracy)} of held-out samples; chance is "
        f"{percent(chance)}): how flat it is says little."
        for label, chance in unlearned(measured, variants).items()
    ]
    for label, run in diverged(measured, variants).items():
        checkpoint = variants[label][1].evaluation.checkpoint
        at = "" if checkpoint is None else f" of step {checkpoint}"
        sentences.append(f"**{as_subject(label)} diverged** at step {run.diverged_at}, so it has no surface{at}.")
    return sentences


def diverged(measured: Mapping[str, Measures], variants: Variants) -> dict[str, Run]:
    """Return the trainings of the networks that have no surface since they diverged, by label."""
    runs = {label: job_queue().result(Job("run", run)) for label, (run, _) in variants.items() if label not in measured}
    return {label: run for label, run in runs.items() if run is not None and run.diverged_at is not None}


def show_kept_step(measured: Mapping[str, Measures], variants: Variants) -> None:
    """Show a button for the last step of which all networks have weights, if some have none at the present one."""
    runs = [job_queue().result(Job("run", run)) for run, _ in variants.values()]
    trained: list[Run] = [run for run in runs if run is not None]
    steps = {surface.evaluation.checkpoint for _, surface in variants.values()}
    if not diverged(measured, variants) or len(trained) < len(runs) or len(steps) > 1:
        return
    if kept := set.intersection(*({checkpoint.step for checkpoint in run.checkpoints} for run in trained)):
        st.button(f"Show step {max(kept)}", key="show-kept-step", on_click=_adopt_step, args=(max(kept),))


def _adopt_step(step: int) -> None:
    address.adopt(replace_at(st.session_state["experiment"], CHECKPOINT, step))


def unlearned(measured: Mapping[str, Measures], variants: Variants) -> dict[str, float]:
    """Return the accuracy by chance of every network that did not learn; of untrained ones only beside others."""
    chance = {label: 1.0 / load_data(variants[label][0].data).outputs for label in measured}
    found = {label: chance[label] for label, one in measured.items() if guesses(one.accuracy, chance[label])}
    return found if len(found) < len(measured) or all(_trained(*variants[label]) for label in found) else {}


def _trained(run: RunSpec, surface: SurfaceSpec) -> bool:
    """Return whether these are the weights at the end of a training."""
    return run.weights is None and run.last_step > 0 and surface.evaluation.checkpoint in (None, run.last_step)


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
    than = f" than that of {as_noun(against)}" if against else ""
    return (
        f"Across the slice, though, the gradient of {as_noun(subject)} changes {words}{than} "
        f"({times(one.bound, other.bound)})."
    )


def seeds_of_pair(plain: SeedRatios, scale_free: SeedRatios, subject: str, reference: str) -> str:
    """Return a sentence that counts the training seeds for which λ_max of one of several networks is lower.

    Args:
        plain: the ratios of λ_max.
        scale_free: those of its scale-free form.
        subject: the network that the verdict is about.
        reference: the one that it is compared with.
    """
    words = [counted_seeds(one, lower=2 * one.lower >= len(one.ratios)) for one in (plain, scale_free)]
    return (
        rf"{as_subject(subject)} compared with {as_noun(reference)}: $\lambda_{{\max}}$ is {words[0]} training "
        f"seeds, scale-free curvature {words[1]}."
    )


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
    smooth, words = ("less", "faster") if along > 0 else ("more", "slower")
    who, than = (as_noun(subject), f" than {of_network(against)}") if against else ("it", "")
    return (
        f"On the way there, {who} was *{smooth}* smooth: in its steps the gradient changed {times(ratio, 1.0)} {words}"
        f"{than} (one seed). [Along\N{NO-BREAK SPACE}training\N{NO-BREAK SPACE}→](along-training)"
    )
