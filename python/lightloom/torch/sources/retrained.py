"""`retraining: projection`: a dense weight is trained, and any source is fitted anew to it (SmartExchange, Zhao et al., ISCA 2020)."""

import torch

from .codes import ProjectedSource


class RetrainedSource(ProjectedSource):
    """Another source behind a dense weight: training uses and moves that, the first evaluation after it fits the source, whose
    weight it then is. Regularisers and rules of the source's own move what training does not touch here."""

    def __init__(self, inner):
        super().__init__(inner.shape)
        self.inner, self.kind = inner, inner.kind

    def _fit(self, dense):
        with torch.enable_grad():  # some are fitted by gradients
            self.inner.requires_grad_(True).encode(dense.reshape(self.shape.dense))
        self.inner.requires_grad_(False)

    def _decoded(self):
        return self.inner.eval()().detach().reshape(-1)

    def _words(self):
        return self.inner.words()

    def stored(self):
        return self.inner.stored()

    def file_values(self):
        yield "weight.dense", self.dense
        for name, value in self.inner.file_values():
            yield f"constant.{name.partition('.')[2]}", value
