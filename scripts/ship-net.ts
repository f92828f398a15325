// npm run ship -- CHECKPOINT FILE: writes the net of a checkpoint, with its classes and calibration, but without the state of
// its training. nets/cifar10-yynet-16.safetensors was made so.
import { readFileSync, writeFileSync } from 'node:fs';
import { architectures } from '../src/nets.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../src/train/checkpoint.ts';

const [, , checkpoint, file] = process.argv;
const { training, ...net } = decodeCheckpoint(new Uint8Array(readFileSync(checkpoint)), architectures);
writeFileSync(file, encodeCheckpoint(net));
