"""YYNet in PyTorch: the reference that all peers start from and are checked against, and a peer itself.

    torch_peer.py reference FILE CONFIG BATCH STEPS                           writes weights, a batch, its logits and its losses
    torch_peer.py serve FILE CONFIG DEVICE [--autocast] [--channels-last]     answers run.js, as peer.js does

CONFIG is a YYNetConfig (src/yinyang/config.ts) in JSON.
"""
import json
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

GATES = {'sigmoid': torch.sigmoid, 'hard_sigmoid': F.hardsigmoid}
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)


class Residual(nn.Module):
    def __init__(self, c_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, channels, 3, stride, 1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Conv2d(c_in, channels, 1, stride)

    def forward(self, x):
        y = F.gelu(self.bn1(self.conv1(x)))
        return F.gelu(self.bn2(self.conv2(y)) + self.shortcut(x))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, gate):
        super().__init__()
        self.gate = gate
        self.reduce = nn.Conv2d(channels, channels // 4, 1)
        self.expand = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        return x * self.gate(self.expand(F.gelu(self.reduce(x.mean((2, 3), keepdim=True)))))


class MBConv(nn.Module):
    def __init__(self, c_in, channels, stride, gate):
        super().__init__()
        wide = 4 * channels
        self.stride = stride
        self.bn0 = nn.BatchNorm2d(c_in)
        self.expand = nn.Conv2d(c_in, wide, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.se = SqueezeExcite(wide, gate)
        self.project = nn.Conv2d(wide, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        if stride == 2 or c_in != channels:
            self.shortcut = nn.Conv2d(c_in, channels, 1, bias=stride == 1)

    def forward(self, x):
        y = F.gelu(self.bn1(self.expand(self.bn0(x))))
        y = F.gelu(self.bn2(self.depthwise(y)))
        y = self.bn3(self.project(self.se(y)))
        if self.stride == 2:
            x = F.max_pool2d(x, 3, 2, 1)
        return y + (self.shortcut(x) if hasattr(self, 'shortcut') else x)


class YYNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        gate, added = GATES[config['gate']], config['channelsAdded']

        def layer(c_in, channels, stride, strides):
            """A residual block and an MBConv for each of `strides`."""
            blocks = [Residual(c_in, channels, stride)]
            for i, block_stride in enumerate(strides):
                width = channels + i * added
                blocks.append(MBConv(width, width + added, block_stride, gate))
            return blocks

        def branch(c_in, strided):
            strides = [1] * config['branchBlocks']
            strides[strided] = 2
            return nn.Sequential(*layer(c_in, config['channels'], 1, strides))

        self.yin, self.yang = branch(1, -1), branch(3, 0)
        width = config['channels'] + config['branchBlocks'] * added
        body = []
        for i in range(config['bodyLayers']):
            channels = config['bodyChannels'] + 2 * i
            body += layer(width, channels, 2, [2 if config['bodyExtraStride'] else 1] + [1] * (config['bodyBlocks'] - 1))
            width = channels + config['bodyBlocks'] * added
        self.body = nn.Sequential(*body)
        self.fc1 = nn.Linear(width, config['hidden'])
        self.fc2 = nn.Linear(config['hidden'], config['classes'])

    def forward(self, x):
        y = self.body(self.yang(x) + self.yin(x.mean(1, keepdim=True))).mean((2, 3))
        return self.fc2(F.gelu(self.fc1(y)))


def optimizer_of(net):
    return torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1.56e-2)


def step(net, optimizer, images, targets, autocast=False):
    """One training step. Returns the loss before it."""
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=autocast):
        loss = F.cross_entropy(net(images), targets)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return loss.item()


TYPES = {torch.float32: 'F32', torch.int32: 'I32', torch.uint8: 'U8'}


def save(path, tensors):
    """Writes safetensors; the widest elements come first, so that all are aligned."""
    header, blobs, end = {}, [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        data = tensor.detach().contiguous().numpy().tobytes()
        header[name] = dict(dtype=TYPES[tensor.dtype], shape=list(tensor.shape), data_offsets=[end, end + len(data)])
        blobs.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + b''.join(blobs))


def load(path):
    """Reads what `save` wrote."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack('<Q', data[:8])[0]
    types = {name: dtype for dtype, name in TYPES.items()}
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        begin, end = (start + offset for offset in entry['data_offsets'])
        tensors[name] = torch.frombuffer(data[begin:end], dtype=types[entry['dtype']]).reshape(entry['shape'])
    return tensors


def reference(path, config, batch, steps):
    torch.manual_seed(0)
    net = YYNet(config)
    tensors = {f'weights.{name}': value.clone() for name, value in net.named_parameters()}
    pixels = torch.randint(256, (batch, 3, config['inputSize'], config['inputSize']), dtype=torch.uint8)
    images = (pixels / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    targets = torch.arange(batch) % config['classes']
    tensors.update(pixels=pixels, images=images, targets=targets.int())
    with torch.inference_mode():
        tensors['logits'] = net.eval()(images)
    net.train()
    optimizer = optimizer_of(net)
    tensors['losses'] = torch.tensor([step(net, optimizer, images, targets) for _ in range(steps)])
    save(path, tensors)
    print(json.dumps(dict(cuda=torch.cuda.is_available())))


def serve(path, config, device, autocast, channels_last):
    tensors = load(path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = YYNet(config).to(device, memory_format=layout)
    with torch.no_grad():
        for name, value in net.named_parameters():
            value.copy_(tensors[f'weights.{name}'])
    images, targets = tensors['images'].to(device, memory_format=layout), tensors['targets'].long().to(device)
    optimizer = optimizer_of(net)

    def infer():
        net.eval()
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=autocast):
            return net(images).float().flatten().tolist()

    def train():
        net.train()
        return [step(net, optimizer, images, targets, autocast)]

    answers = dict(infer=infer, train=train)
    print(json.dumps(dict(version=torch.__version__)), flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        values = answers[line.strip()]()
        ms = 1e3 * (time.perf_counter() - begin)
        print(json.dumps(dict(ms=ms, values=values)), flush=True)


if __name__ == '__main__':
    command, path, config, *arguments = sys.argv[1:]
    if command == 'reference':
        reference(path, json.loads(config), *map(int, arguments))
    else:
        serve(path, json.loads(config), arguments[0], '--autocast' in arguments, '--channels-last' in arguments)
