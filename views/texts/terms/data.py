"""Terms of data, losses and statistics."""

from collections.abc import Mapping

from normscape.views.texts.terms.term import Term

TERMS: Mapping[str, Term] = {
    "accuracy": Term("The share of samples that a network classifies correctly. Not defined for regression."),
    "cache": Term("The folder that keeps results. A result in the cache is not computed again."),
    "cross-entropy": Term(
        "The loss of a classification: minus the logarithm of the probability $p$ that a network gives to the right "
        "class, averaged over samples.",
        formula=r"-\tfrac1M\textstyle\sum_m\ln p_m",
    ),
    "evaluation set": Term(
        "The samples that the loss is measured on. They are drawn once and are the same at every point, and for all "
        "compared networks unless the data are what is compared.",
        "§0, D4",
    ),
    "excess kurtosis": Term(
        "How heavy the tails of a distribution are; the skew says how lopsided it is. Both are 0 for a normal one.",
        "A13",
    ),
    "held-out": Term(
        "Samples that training does not see. A smoother loss is worth little where the held-out loss is worse.",
        "A8b",
    ),
    "job": Term(
        "A training or a measurement that runs in the background. Pages that need the same one share it, and it "
        "keeps running after its page is closed."
    ),
    "loss": Term(
        r"$f(\theta)$: how wrong a network with the parameters $\theta$ is, averaged over the evaluation set. "
        "Cross-entropy for classes, squared error for a regression.",
        "§0",
    ),
    "recorded loss and accuracy": Term(
        "Loss and accuracy of the network in prediction mode, with the running averages of batch norm, on at most as "
        "many samples of each split as the training controls say.",
        "D1",
    ),
    "second moment": Term(
        "The mean of the squares of a layer's inputs, summed over inputs. The argument's bound carries it. It is least "
        "when the inputs' means are 0.",
        "A6, A7, A8",
        formula=r"\textstyle\sum_i E[x_i^2]",
    ),
    "seed": Term(
        "The start of a random generator. Equal seeds give equal draws of data, initial weights, order and directions.",
        "D4, §5",
    ),
}
