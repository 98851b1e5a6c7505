"""Terms of the landscape and its slices."""

from collections.abc import Mapping

from normscape.views.texts.terms.term import Term

TERMS: Mapping[str, Term] = {
    "loss barrier": Term(
        "How far the loss on the line between two networks rises above the line between their losses, at most.", "D13"
    ),
    "minima of a slice": Term(
        "Points of the grid that are lower than their four neighbors. One counts if the loss rises from it by more "
        "than rounding and the error of interpolation before it falls to a lower one. A single minimum proves nothing "
        "about other directions.",
        "D15",
    ),
    "principal components": Term(
        "The directions that contain most of a path, in the sense of squared distances to its last checkpoint.", "D12"
    ),
    r"$\alpha$, $\beta$": Term(
        r"Where a point lies in the slice: how far from $\theta^*$ along $d_1$, and how far along $d_2$.", "D2"
    ),
    r"$\cos(d_1, d_2)$": Term("The cosine of the angle between the two directions: 0 where they are orthogonal.", "D2"),
    "direction": Term(
        "A vector with an entry for every parameter, along which the weights are moved. A slice has two, $d_1$ and "
        r"$d_2$, for example random ones; $\|d_1\|$ and $\|d_2\|$ are their lengths.",
        "D2",
    ),
    "error between points": Term(
        "How much the spline between the points of a coarser grid differs from the values at the points that the next "
        "finer grid adds: the largest error of all compared networks, as a share of the range that all of them take.",
        "D6",
    ),
    "filter": Term("A row of a linear layer's weight, or an output channel of a convolution's.", "D3"),
    "filter normalization": Term(
        r"Every filter of a random direction gets the norm of the same filter of $\theta^*$, so that equal distances "
        "are equal shares of each network's own weights. Parameters of one axis, such as biases, get 0.",
        "D3",
        ("Li et al. 2018",),
        r"d_i\leftarrow d_i\,\|\theta^*_i\|/\|d_i\|",
    ),
    "loss at the center, recomputed": Term(
        "The loss at the center once more, by a plain forward pass of the network that shares nothing with the "
        "computation of the surface. The two should agree.",
    ),
    "loss surface": Term(r"The loss over a slice: a height for every point $(\alpha, \beta)$.", "D2"),
    "non-finite points": Term(
        "Points where a value is infinite or not a number. They are counted and left out, never replaced.", "§5"
    ),
    "parameters": Term(r"All numbers that training changes, as one vector $\theta$.", "§0"),
    "refinement": Term(
        "Grids of 3, 5, 9, 17, 33 and 65 points a side are nested. Finer ones are computed until the error between "
        "points is small enough or the requested grid is complete; compared networks refine together.",
        "D6",
    ),
    "slice": Term(
        r"The plane through the weights $\theta^*$ along two directions, a window on a space of thousands of "
        "dimensions. A calm slice proves nothing about the rest.",
        "D2",
        formula=r"f(\theta^*+\alpha d_1+\beta d_2)",
    ),
    r"$\|\theta\|$": Term("The Euclidean norm of all parameters at the center.", "§0"),
    r"$\theta^*$": Term("The weights at the center of the slice: those of the training step that is shown.", "D2"),
}
