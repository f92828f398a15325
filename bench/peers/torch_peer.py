"""YYNet in PyTorch: the reference that all peers start from and are checked against, and a peer itself.

    torch_peer.py reference FILE CHANNELS BATCH STEPS                  writes weights, a batch, its logits and its losses
    torch_peer.py serve FILE DEVICE [--autocast] [--channels-last]     answers run.js, as peer.js does
"""
import json
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

HIDDEN, CLASSES = 40, 10
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
    def __init__(self, channels):
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // 4, 1)
        self.expand = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.expand(F.gelu(self.reduce(x.mean((2, 3), keepdim=True)))))


class MBConv(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        wide = 4 * channels
        self.stride = stride
        self.bn0 = nn.BatchNorm2d(channels)
        self.expand = nn.Conv2d(channels, wide, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide)
        self.depthwise = nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.se = SqueezeExcite(wide)
        self.project = nn.Conv2d(wide, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        if stride == 2:
            self.shortcut = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x):
        y = F.gelu(self.bn1(self.expand(self.bn0(x))))
        y = F.gelu(self.bn2(self.depthwise(y)))
        y = self.bn3(self.project(self.se(y)))
        return y + (x if self.stride == 1 else self.shortcut(F.max_pool2d(x, 3, 2, 1)))


class YYNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.yin = nn.Sequential(Residual(1, c, 1), MBConv(c, 1), MBConv(c, 1), MBConv(c, 2))
        self.yang = nn.Sequential(Residual(3, c, 1), MBConv(c, 2), MBConv(c, 1), MBConv(c, 1))
        self.body = nn.Sequential(Residual(c, c, 2), MBConv(c, 2), MBConv(c, 1))
        self.fc1 = nn.Linear(c, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, CLASSES)

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


def reference(path, channels, batch, steps):
    torch.manual_seed(0)
    net = YYNet(channels)
    tensors = {f'weights.{name}': value.clone() for name, value in net.named_parameters()}
    pixels = torch.randint(256, (batch, 3, 32, 32), dtype=torch.uint8)
    images = (pixels / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    targets = torch.arange(batch) % CLASSES
    tensors.update(pixels=pixels, images=images, targets=targets.int())
    with torch.inference_mode():
        tensors['logits'] = net.eval()(images)
    net.train()
    optimizer = optimizer_of(net)
    tensors['losses'] = torch.tensor([step(net, optimizer, images, targets) for _ in range(steps)])
    save(path, tensors)
    print(json.dumps(dict(cuda=torch.cuda.is_available())))


def serve(path, device, autocast, channels_last):
    tensors = load(path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = YYNet(tensors['weights.yin.0.conv1.weight'].shape[0]).to(device, memory_format=layout)
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
    command, path, *arguments = sys.argv[1:]
    if command == 'reference':
        reference(path, *map(int, arguments))
    else:
        serve(path, arguments[0], '--autocast' in arguments, '--channels-last' in arguments)
