"""YYNet in PyTorch: python torch_check.py NET.safetensors CONFIG.json IMAGES.safetensors prints the net's logits.

NET holds a state dict as yynet writes it, CONFIG a YYNetConfig, IMAGES normalised pictures [N,C,H,W] as `images`.
The logits come as one JSON list for each picture. Needs torch and safetensors.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

FUSIONS = {
    "a+i": lambda a, i: a + i,
    "a*i": lambda a, i: a * i,
    "a*(1-i)": lambda a, i: a * (1 - i),
    "a*i+a+i": lambda a, i: a * i + a + i,
    "a*(1-i)+a-i": lambda a, i: a * (1 - i) + a - i,
    "a*(1-i)+a+i": lambda a, i: a * (1 - i) + a + i,
}


def activation(kind):
    return getattr(F, kind.replace("_", ""))


class Residual(nn.Module):
    def __init__(self, config, c_in, c, stride):
        super().__init__()
        self.act = activation(config["activation"])
        self.conv1 = nn.Conv2d(c_in, c, 3, stride, padding=1)
        self.bn1 = nn.BatchNorm2d(c)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(c)
        self.shortcut = nn.Conv2d(c_in, c, 1, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(y + self.shortcut(x))


class SqueezeExcite(nn.Module):
    def __init__(self, config, c):
        super().__init__()
        self.act, self.gate = activation(config["activation"]), activation(config["gate"])
        self.reduce = nn.Conv2d(c, c // 4, 1)
        self.expand = nn.Conv2d(c // 4, c, 1)

    def forward(self, x):
        return x * self.gate(self.expand(self.act(self.reduce(x.mean((2, 3), keepdim=True)))))


class MBConv(nn.Module):
    def __init__(self, config, c_in, c, stride):
        super().__init__()
        self.act, self.stride, hidden = activation(config["activation"]), stride, 4 * c
        self.uses_bn0 = config["bn0"]
        self.bn0 = nn.BatchNorm2d(c_in)
        self.expand = nn.Conv2d(c_in, hidden, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.se = SqueezeExcite(config, hidden)
        self.project = nn.Conv2d(hidden, c, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c)
        if stride == 2 or c_in != c:
            self.shortcut = nn.Conv2d(c_in, c, 1, bias=stride == 1)
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = self.act(self.bn1(self.expand(self.bn0(x) if self.uses_bn0 else x)))
        y = self.act(self.bn2(self.depthwise(y)))
        y = self.bn3(self.project(self.se(y)))
        return y + self.shortcut(F.max_pool2d(x, 3, 2, 1) if self.stride == 2 else x)


class YYNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        added, blocks = config["channelsAdded"], config["branchBlocks"]

        def layer(c_in, c, stride, strides):
            yield Residual(config, c_in, c, stride)
            for stride in strides:
                yield MBConv(config, c, c := c + added, stride)

        def branch(c_in, strides):
            c, modules = config["channels"], []
            for _ in range(config["branchLayers"]):
                modules += layer(c_in, c, 1, strides)
                c_in = c = c + added * blocks
            return nn.Sequential(*modules), c

        self.yin, _ = branch(1, [1] * (blocks - 1) + [2])
        self.yang, c = branch(config["inputChannels"], [2] + [1] * (blocks - 1))
        body = []
        for i in range(config["bodyLayers"]):
            start, n = config["bodyChannels"] + 2 * i, config["bodyBlocks"]
            body += layer(c, start, 2, [2 if config["bodyExtraStride"] and b == 0 else 1 for b in range(n)])
            c = start + added * n
        self.body = nn.Sequential(*body)
        self.fc1 = nn.Linear(c, config["hidden"])
        self.fc2 = nn.Linear(config["hidden"], config["classes"])

    def forward(self, x):
        grey = x.mean(1, keepdim=True) if self.config["yin"] == "mean" else x[:, :1]
        fused = FUSIONS[self.config["fusion"]](self.yang(x), self.yin(grey))
        return self.fc2(activation(self.config["activation"])(self.fc1(self.body(fused).mean((2, 3)))))


if __name__ == "__main__":
    state, config, images = sys.argv[1:]
    with open(config) as file:
        net = YYNet(json.load(file)).eval()
    net.load_state_dict(load_file(state))
    with torch.no_grad():
        print(json.dumps(net(load_file(images)["images"]).tolist()))
