import { UserError } from '../../runtime/errors.ts';

/** The packages of the queue. Named, as declarations cannot name all types inside bullmq. */
export interface Packages {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/** Loads the packages of the queue, which only its users install. */
export async function loadPackages(): Promise<Packages> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError('The queue needs two packages: npm install bullmq ioredis.');
  }
}
