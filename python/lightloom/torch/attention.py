"""Multi-head attention of Linear layers, which have sources and run on chips as any do."""

import math

import torch

from .overrides import attend


class Attention(torch.nn.Module):
    """A `MultiheadAttention` with its four projections as Linear layers `q`, `k`, `v`, `out`; called as it is.

    heads are groups of consecutive channels; the weights of attention are softmax(q k^T / sqrt(width)).
    """

    # TransformerEncoderLayer then calls it, and no kernel of its own.
    _qkv_same_embed_dim, in_proj_bias = False, None

    def __init__(self, given):
        super().__init__()
        width, bias = given.embed_dim, given.in_proj_bias is not None
        self.num_heads, self.batch_first, self.dropout = given.num_heads, given.batch_first, given.dropout
        self.q, self.k, self.v = (torch.nn.Linear(inputs, width, bias) for inputs in (width, given.kdim, given.vdim))
        self.out = torch.nn.Linear(width, width, given.out_proj.bias is not None)
        if given.in_proj_weight is not None:
            weights = given.in_proj_weight.chunk(3)
        else:
            weights = given.q_proj_weight, given.k_proj_weight, given.v_proj_weight
        biases = given.in_proj_bias.chunk(3) if bias else (None, None, None)
        parts = [(self.q, weights[0], biases[0]), (self.k, weights[1], biases[1]), (self.v, weights[2], biases[2]),
                 (self.out, given.out_proj.weight, given.out_proj.bias)]
        with torch.no_grad():
            for layer, weight, shift in parts:
                layer.weight.copy_(weight)
                if shift is not None:
                    layer.bias.copy_(shift)
        self.to(weights[0].device, weights[0].dtype).train(given.training)

    def _heads(self, x):
        """(images, tokens, channels) as (images, heads, tokens, width)."""
        return x.reshape(x.shape[0], x.shape[1], self.num_heads, -1).transpose(1, 2)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
                average_attn_weights=True, is_causal=False):
        alone = query.ndim == 2
        if alone:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
        elif not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        q, k, v = self._heads(self.q(query)), self._heads(self.k(key)), self._heads(self.v(value))
        mask = self._mask(attn_mask, key_padding_mask, q)
        found, weights = attend(q, k, v, mask, self.dropout if self.training else 0.0)
        found = self.out(found.transpose(1, 2).reshape(query.shape[0], query.shape[1], -1))
        if alone:
            found, weights = found[0], weights[0]
        elif not self.batch_first:
            found = found.transpose(0, 1)
        if not need_weights:
            return found, None
        return found, weights.mean(dim=-3) if average_attn_weights else weights

    def _mask(self, mask, padding, q):
        """Both masks as numbers to add to (images, heads, queries, keys), or None."""
        made = _to_add(mask, q)
        if made is not None and made.ndim == 3:
            made = made.reshape(-1, self.num_heads, *made.shape[1:])
        if padding is not None:
            padding = _to_add(padding.reshape(-1, padding.shape[-1]), q)[:, None, None]
            made = padding if made is None else made + padding
        return made


def _to_add(mask, q):
    if mask is None or mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=q.dtype, device=q.device).masked_fill(mask, -math.inf)


def split_attention(model):
    """Puts an `Attention` in the place of every `MultiheadAttention` of a network, in place; returns the network.

    `convert`, `regenerate` and `export` do so themselves. Raises ValueError naming one with `bias_k`, `bias_v` or
    `add_zero_attn`, which have no counterpart.
    """
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, torch.nn.MultiheadAttention)]
    for name, module in found:
        if module.bias_k is not None or module.bias_v is not None or module.add_zero_attn:
            raise ValueError(f"'{name}' is a MultiheadAttention with bias_k, bias_v or add_zero_attn, which are not taken: make it "
                             "without them")
        parent, _, own = name.rpartition(".")
        if not own:
            return Attention(module)
        setattr(model.get_submodule(parent) if parent else model, own, Attention(module))
    return model
