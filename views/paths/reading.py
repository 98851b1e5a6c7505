"""How paths are measured, what others have published, and caveats."""

from __future__ import annotations

from dataclasses import fields

from normscape.landscape.paths.bezier import MOMENTUM
from normscape.specs import ConnectivitySpec

READING = r"""
**The plane.** The two leading principal components of the differences $\theta_i-\theta_n$, which are not centered, so
that the plane contains the last checkpoint. Percentages are shares of $\sum\|\theta_i-\theta_n\|^2$. A random
walk in many dimensions concentrates there as well
([Antognini and Sohl-Dickstein 2018](https://arxiv.org/abs/1806.08805)): a share is only worth something above that of
the walk. The code of [Li et al. 2018](https://arxiv.org/abs/1712.09913) centers the checkpoints first; the table has
both.

**Between two networks.** The barrier is the largest excess of the loss over the line between its ends. Running
averages belong to one network; between two networks they fit neither. Averages taken anew over the training set at
every point, as in [REPAIR](https://arxiv.org/abs/2211.08403), or population statistics remove that part of the barrier.

**Matched units.** Hidden units of two trainings are in different orders. Weight matching permutes those of the second
network, layer by layer, to maximize the inner product of both networks' parameters
([Git Re-Basin](https://arxiv.org/abs/2209.04836)). It finds a local maximum.

**Bézier curve.** $\phi(t)=(1-t)^2\theta_0+2t(1-t)\theta+t^2\theta_1$. Stochastic gradient descent with momentum
{momentum} lowers the expected loss over uniform $t$ by moving $\theta$ from the middle of the segment; the ends stay
([Garipov et al. 2018](https://arxiv.org/abs/1802.10026)): {steps} steps of {batch} training samples with learning rate
{rate}.

**Published.** For VGG-16 on CIFAR-10, the largest training loss on a Bézier curve is 0.24, that of its ends, and the
largest test error 7.75 %, against 6.79 % and 6.94 % at the ends
([code of Garipov et al.](https://github.com/timgaripov/dnn-mode-connectivity)). REPAIR reports barriers of matched
networks that are 90 % lower for ResNet-18 on CIFAR-10 and 74 % lower for ResNet-50 on ImageNet. This page repeats
neither: its curves are trained for far fewer steps, and it does not match the units of residual networks.

**Caveats.** Two directions hide everything else: the table has the largest distance to the plane. One pair of seeds is
one sample. A barrier on one path says nothing about other paths.
"""


def reading() -> str:
    """Return how it is measured, with the settings of a curve."""
    defaults = {field.name: field.default for field in fields(ConnectivitySpec)}
    names = {"steps": "curve_steps", "batch": "curve_batch_size", "rate": "curve_learning_rate"}
    values = {"momentum": MOMENTUM, **{name: defaults[own] for name, own in names.items()}}
    text = READING
    for name, value in values.items():  # str.format would read the braces of formulas
        text = text.replace(f"{{{name}}}", f"{value:g}")
    return text
