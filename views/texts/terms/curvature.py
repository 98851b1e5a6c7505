"""Terms of smoothness and curvature."""

from collections.abc import Mapping

from normscape.views.texts.terms.term import Term

TERMS: Mapping[str, Term] = {
    "batch sharpness": Term(
        "The curvature of a mini-batch's own loss along its own gradient, as a mean over mini-batches. Under "
        r"stochastic gradient descent without momentum it settles near $2/\eta$.",
        "D11",
        formula=r"\mathrm E_B\,[g_B^\top H_B\, g_B/\|g_B\|^2]",
    ),
    "block ratio": Term(
        "The gradient-change ratio of one layer alone: only its parameters move, the gradient is computed anew there, "
        "and only that layer's part of it counts.",
        "D5",
    ),
    "core inequality": Term(
        r"If $L$ bounds the gradient-change ratio along a step $\Delta$, the loss after the step is at most its "
        "tangent plus a parabola.",
        "A1",
        formula=r"f(\theta+\Delta)\le f(\theta)+\langle\nabla f(\theta),\Delta\rangle+\tfrac12L\|\Delta\|^2",
    ),
    "flat": Term(
        "A loss is flat around some weights if its gradient changes little when they move, and sharp if it changes a "
        r"lot. The verdict goes by $\lambda_{\max}$, as it is and scale-free: the lower, the flatter.",
        "D8, D10",
    ),
    "gradient": Term(
        r"$\nabla f$: how the loss changes with every parameter. Training steps against it. Its Euclidean length is "
        "the gradient norm.",
        "§0",
    ),
    "gradient-change ratio": Term(
        "How much the gradient changes from the center to a point, per distance: a lower bound on every Lipschitz "
        "constant $L$ of the gradient on a set that holds both.",
        "D5",
        formula=r"\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|",
    ),
    "Hessian": Term(
        "The matrix $H$ of second derivatives of the loss by the parameters: how fast the gradient changes in "
        "every direction. A block of it belongs to one layer's weights.",
        "D10",
    ),
    r"$L \ge$": Term(
        "The largest measured ratio, from the center to every point or between neighbors of the grid, over "
        r"pairs of points that are finite for all compared networks. Every Lipschitz constant of $\nabla f$ on the "
        "slice is at least this; the true one can be far larger, since a random plane misses sharp directions.",
        "D7",
    ),
    r"$\lambda_{\max}$": Term(
        "How much the loss bends in its sharpest direction, also called sharpness: where it is large, only small steps "
        "are safe. It is the largest eigenvalue of the Hessian at the center, over all directions and not only those "
        "of the plane.",
        "D10",
    ),
    r"$\lambda_{\max}(SHS)$": Term(
        r"The scale-free form of $\lambda_{\max}$: $S$ is diagonal and holds the norm of each parameter's filter, 0 "
        "for parameters of one axis.",
        "D8",
    ),
    r"largest $\|Hu\|$ in the plane": Term(
        "What the gradient-change ratio tends to at the center, in the direction $u$ of the plane where it is largest.",
        "D5",
        formula=r"\max_{u\,\in\,\mathrm{span}(d_1,d_2),\ \|u\|=1}\|Hu\|",
    ),
    "Lipschitz constant $L$": Term(
        "A bound on how fast the gradient changes, for all pairs of points $p$ and $q$ of a set. The smaller, the "
        "smoother. With ReLU the gradient jumps and no finite $L$ exists.",
        "D7",
        formula=r"\|\nabla f(p)-\nabla f(q)\|\le L\,\|p-q\|",
    ),
    "local ratio": Term(
        "The gradient-change ratio between neighboring points $p$ and $q$ of the grid; the largest over a point's "
        "neighbors. It belongs to the grid's spacing.",
        "D6",
        formula=r"\|\nabla f(p)-\nabla f(q)\|/\|p-q\|",
    ),
    "in-plane ratio": Term(
        r"The change of the gradient within the plane, per step in $\alpha$ and $\beta$, with $D = [d_1\ d_2]$ scaled "
        r"by filter and not orthogonalized: the scale-free form of the gradient-change ratio.",
        "D8",
        formula=r"\|D^\top(\nabla f(p)-\nabla f(q))\|/\|(\delta\alpha,\delta\beta)\|",
    ),
    "residual": Term(
        r"$\|Hv - \lambda v\|$, how far an eigenvalue $\lambda$ and its vector $v$ are from satisfying their "
        "equation. Small is good.",
        "D10",
    ),
    "per-layer ratio": Term(
        "The gradient-change ratio with one layer's part of the gradient in the numerator, while all layers move.", "D5"
    ),
    "scale-free": Term(
        "A number is scale-free if rescaling weights in front of a normalization leaves it unchanged. Such "
        r"rescaling keeps the function but changes $L$ and $\lambda_{\max}$.",
        "D8",
    ),
    "spectral density": Term(
        "How many directions have which curvature: the distribution of the eigenvalues of the Hessian.", "D10"
    ),
    "trace of the Hessian": Term(
        "The sum of all its eigenvalues: the number of parameters times the mean curvature over all directions.", "D10"
    ),
}
