"""What training of stored weights needs beside a loss: distillation, statistics, a whole-network fit."""

import torch
from torch.nn import functional

from .layers import weight_layers


def distillation(logits, teacher, labels, temperature=3.0, beta=0.9):
    """beta T^2 KL(teacher / T || student / T) + (1 - beta) cross entropy (Hinton et al., 2015).

    logits, teacher: (images, classes); labels: (images).
    """
    soft = functional.kl_div(functional.log_softmax(logits / temperature, dim=1),
                             functional.log_softmax(teacher / temperature, dim=1), reduction="batchmean", log_target=True)
    return beta * temperature**2 * soft + (1 - beta) * functional.cross_entropy(logits, labels)


@torch.no_grad()
def recalibrate(model, batches):
    """Sets the statistics of every batch normalisation to the means over `batches` of inputs."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    kept = [(norm.momentum, norm.training) for norm in norms]
    was_training = model.training
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean
        norm.train()
    for batch in batches:
        model(batch)
    model.train(was_training)
    for norm, (momentum, training) in zip(norms, kept):
        norm.momentum = momentum
        norm.train(training)


def own_steps(model, rate, epoch=0):
    """What sources do by rules of their own, after every step of the optimiser; how many words changed.

    The patterns of `subbit` and the powers of two of `smart_deal`, whose counters begin anew where `epoch` is another number.
    """
    sources = [layer.source for _, layer in weight_layers(model) if hasattr(getattr(layer, "source", None), "own_step")]
    for source in sources:
        if hasattr(source, "begin_epoch"):
            source.begin_epoch(epoch)
    return sum(source.own_step(rate) for source in sources)


@torch.no_grad()
def relative_error(model, weights):
    """||W - target|| / ||target|| of every layer, given its dense weights by name."""
    return {name: float((layer.source() - weights[name]).norm() / weights[name].norm())
            for name, layer in weight_layers(model) if hasattr(layer, "source")}
