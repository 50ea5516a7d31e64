"""Networks with the layer names of lightloom's own, so that weight files pass between the two."""

import torch
from torch.nn import functional


class _Block(torch.nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, out, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(out)
        self.conv2 = torch.nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(out)
        self.stride, self.more = stride, (out - inputs) // 2

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride > 1 or self.more:  # shortcut A: every second position, zero channels on both sides
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more, self.more))
        return functional.relu(y + x)


class CifarResNet(torch.nn.Module):
    """ResNet of He et al. (2016) for 32 x 32 images with shortcut A: 6 blocks + 2 layers."""

    def __init__(self, blocks, classes=10):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        widths = (16, 16, 32, 64)
        for stage in (1, 2, 3):
            parts = [_Block(widths[stage - 1] if n == 0 else widths[stage], widths[stage], 1 + (n == 0 and stage > 1))
                     for n in range(blocks)]
            setattr(self, f"layer{stage}", torch.nn.Sequential(*parts))
        self.linear = torch.nn.Linear(64, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean(dim=(2, 3)))


def resnet20(classes=10):
    """lightloom's `resnet20`."""
    return CifarResNet(3, classes)
