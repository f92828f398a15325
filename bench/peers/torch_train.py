"""Trains a YYNet for CIFAR-10 in PyTorch, by the paper's recipe: what the runs in docs/runs are compared with.

    torch_train.py DATA FOLDER [--channels 16] [--epochs 40] [--seed 0]

DATA has CIFAR-10's binary batches. Writes a line for each epoch to FOLDER/pytorch.jsonl. Stopped at any moment, it goes on
after the last whole epoch when it is started again, from FOLDER/pytorch.pt, which it removes at the end. On a CPU it is
faster with MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184.
"""
import argparse
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from torch_peer import MEAN, STD, YYNet

BATCH, RATE, DECAY_FACTOR, MAX_NORM = 64, 1e-2, 1.56, 1.0
PADDING, BRIGHTNESS = 4, 0.01
mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))


def config_of(channels):
    return dict(
        channels=channels, channelsAdded=0, branchBlocks=3, bodyLayers=1, bodyBlocks=2, bodyChannels=channels,
        bodyExtraStride=True, hidden=40, classes=10, gate='sigmoid',
    )


def load(files):
    rows = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
    return torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(rows[:, 0].astype(np.int64))


def normalised(pixels):
    images = (pixels.float() / 255 - mean) / std
    return images.contiguous(memory_format=torch.channels_last)


def augmented(pixels, random):
    """Crops of the picture with reflected borders, half of them flipped, each a little brighter or darker."""
    count, side = len(pixels), pixels.shape[-1]
    padded = F.pad(pixels.float(), (PADDING,) * 4, mode='reflect')
    tops, lefts = random.integers(0, 2 * PADDING + 1, (2, count))
    crops = torch.stack([padded[i, :, y : y + side, x : x + side] for i, (y, x) in enumerate(zip(tops, lefts))])
    flipped = torch.from_numpy(random.random(count) < 0.5)
    crops[flipped] = crops[flipped].flip(-1)
    factors = torch.from_numpy(random.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS, count)).float()
    return normalised((crops * factors.view(-1, 1, 1, 1)).clamp(0, 255))


def initialise(net):
    """TensorFlow's truncated normal initialisers, which the paper uses, and shortcuts that begin as the identity."""

    def truncated(weight, std):
        std /= 0.87962566103423978  # of a normal distribution that is cut at two standard deviations
        nn.init.trunc_normal_(weight, 0.0, std, -2 * std, 2 * std)

    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            taps = math.prod(module.kernel_size)
            if name.endswith('.shortcut'):
                nn.init.dirac_(module.weight)
            else:
                truncated(module.weight, math.sqrt(2 / (taps * (module.in_channels + module.out_channels))))
        elif isinstance(module, nn.Linear):
            truncated(module.weight, math.sqrt(2 / (module.in_features + module.out_features)))
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def evaluate(net, pixels, labels):
    net.eval()
    loss = correct = 0
    with torch.inference_mode():
        for images, wanted in zip(pixels.split(500), labels.split(500)):
            logits = net(normalised(images))
            correct += (logits.argmax(1) == wanted).sum().item()
            loss += F.cross_entropy(logits, wanted, reduction='sum').item()
    return loss / len(labels), correct / len(labels)


def train(data, folder, channels, epochs, seed):
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    pixels, labels = load(sorted(data.glob('data_batch_*.bin')))
    validation = load([data / 'test_batch.bin'])
    net = YYNet(config_of(channels))
    initialise(net)
    net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=RATE * DECAY_FACTOR, amsgrad=True, fused=True)
    steps = math.ceil(len(pixels) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=epochs, steps_per_epoch=steps)
    state, lines = folder / 'pytorch.pt', []
    if state.exists():
        saved = torch.load(state)
        lines = saved['lines']
        for part in (net, optimizer, schedule):
            part.load_state_dict(saved[type(part).__name__])
        random.bit_generator.state = json.loads(saved['random'])
    for epoch in range(len(lines) + 1, epochs + 1):
        net.train()
        begin, total = time.perf_counter(), 0.0
        for batch in torch.from_numpy(random.permutation(len(pixels))).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(net(augmented(pixels[batch], random)), labels[batch])
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), MAX_NORM)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        seconds = time.perf_counter() - begin
        for group in optimizer.param_groups:
            group['weight_decay'] = group['lr'] * DECAY_FACTOR
        val_loss, val_accuracy = evaluate(net, *validation)
        line = dict(
            epoch=epoch, train_loss=round(total / len(pixels), 4), val_loss=round(val_loss, 4),
            val_accuracy=round(val_accuracy, 4), img_s=round(len(pixels) / seconds, 1),
        )
        lines.append(json.dumps(line))
        print(lines[-1], flush=True)
        saved = {type(part).__name__: part.state_dict() for part in (net, optimizer, schedule)}
        torch.save({**saved, 'lines': lines, 'random': json.dumps(random.bit_generator.state)}, f'{state}.tmp')
        os.replace(f'{state}.tmp', state)
        (folder / 'pytorch.jsonl').write_text('\n'.join(lines) + '\n')
    state.unlink(missing_ok=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('data', type=pathlib.Path)
    parser.add_argument('folder', type=pathlib.Path)
    for name, default in dict(channels=16, epochs=40, seed=0).items():
        parser.add_argument(f'--{name}', type=int, default=default)
    train(**vars(parser.parse_args()))
