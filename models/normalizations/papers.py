"""The papers of the normalizations."""

from normscape.models.registry import Paper

BA = Paper("Ba et al. 2016", "Layer Normalization", "https://arxiv.org/abs/1607.06450")
BROCK = Paper(
    "Brock et al. 2021",
    "Characterizing signal propagation to close the performance gap in unnormalized ResNets",
    "https://arxiv.org/abs/2101.08692",
)
CHEN = Paper("Chen et al. 2025", "Stronger Normalization-Free Transformers", "https://arxiv.org/abs/2512.10938")
DEHGHANI = Paper(
    "Dehghani et al. 2023", "Scaling Vision Transformers to 22 Billion Parameters", "https://arxiv.org/abs/2302.05442"
)
HENRY = Paper("Henry et al. 2020", "Query-Key Normalization for Transformers", "https://arxiv.org/abs/2010.04245")
IOFFE = Paper(
    "Ioffe and Szegedy 2015",
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "https://arxiv.org/abs/1502.03167",
)
MIYATO = Paper(
    "Miyato et al. 2018",
    "Spectral Normalization for Generative Adversarial Networks",
    "https://arxiv.org/abs/1802.05957",
)
QIAO = Paper(
    "Qiao et al. 2019",
    "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization",
    "https://arxiv.org/abs/1903.10520",
)
SALIMANS = Paper(
    "Salimans and Kingma 2016",
    "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks",
    "https://arxiv.org/abs/1602.07868",
)
SHEN = Paper(
    "Shen et al. 2020",
    "PowerNorm: Rethinking Batch Normalization in Transformers",
    "https://arxiv.org/abs/2003.07845",
)
SINGH = Paper(
    "Singh and Krishnan 2020",
    "Filter Response Normalization Layer: Eliminating Batch Dependence in the Training of Deep Neural Networks",
    "https://arxiv.org/abs/1911.09737",
)
ULYANOV = Paper(
    "Ulyanov et al. 2016",
    "Instance Normalization: The Missing Ingredient for Fast Stylization",
    "https://arxiv.org/abs/1607.08022",
)
WU = Paper("Wu and He 2018", "Group Normalization", "https://arxiv.org/abs/1803.08494")
ZHANG = Paper("Zhang and Sennrich 2019", "Root Mean Square Layer Normalization", "https://arxiv.org/abs/1910.07467")
ZHU = Paper("Zhu et al. 2025", "Transformers without Normalization", "https://arxiv.org/abs/2503.10622")
