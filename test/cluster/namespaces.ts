import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../support/cli.ts';
import { launchers } from './ranks.ts';

const run = async (command: string) => promisify(execFile)('sh', ['-ec', command]);

/** Hosts of a network of their own on this machine, each with a link of 1 Gb/s: namespaces, which root may make. */
export class Hosts {
  private constructor(
    private readonly names: readonly string[],
    private readonly agent: string,
  ) {}

  /** @returns undefined where the machine does not allow it */
  static async create(count: number): Promise<Hosts | undefined> {
    const bridge = `yynet${process.pid}`;
    const names = Array.from({ length: count }, (_, i) => `${bridge}-${i + 1}`);
    // Open MPI starts its part of a host by it. Hosts have names of their own, which it tells them apart by.
    const agent = join(await temporaryFolder(), 'agent.sh');
    await writeFile(
      agent,
      `#!/bin/sh\ni=$(echo $1 | cut -d. -f4); shift\nexec ip netns exec ${bridge}-$i unshare --uts sh -c "hostname host$i; $*"\n`,
    );
    await chmod(agent, 0o755);
    const hosts = new Hosts([bridge, ...names], agent);
    try {
      await run(`ip netns add ${bridge}; ip -n ${bridge} link add br0 type bridge; ip -n ${bridge} link set br0 up`);
      for (const [i, name] of names.entries()) {
        const link = `ip -n ${bridge} link`;
        await run(`ip netns add ${name}; ip -n ${name} link set lo up
          ${link} add port${i} type veth peer name eth0 netns ${name}; ${link} set port${i} master br0 up
          ip -n ${name} addr add 10.9.0.${i + 1}/24 dev eth0; ip -n ${name} link set eth0 up
          ip netns exec ${name} tc qdisc add dev eth0 root tbf rate 1gbit burst 128kb latency 50ms`);
      }
      return hosts;
    } catch {
      await hosts.remove();
      return undefined;
    }
  }

  /** A command that starts one rank on each of the first hosts. */
  launcher(ranks: number): string[] {
    const hosts = Array.from({ length: ranks }, (_, i) => `10.9.0.${i + 1}`).join();
    const flags = {
      plm_rsh_agent: this.agent,
      btl: 'tcp,self',
      btl_tcp_if_include: 'eth0',
      oob_tcp_if_include: 'eth0',
    };
    const given = Object.entries(flags).flatMap(([name, value]) => ['--mca', name, value]);
    const start = [
      'ip',
      'netns',
      'exec',
      this.names[1],
      'unshare',
      '--uts',
      'sh',
      '-c',
      'hostname host1; exec "$@"',
      'sh',
    ];
    return [...start, ...launchers['Open MPI'], ...given, '--host', hosts, '-n', String(ranks)];
  }

  async remove(): Promise<void> {
    for (const name of this.names) await run(`ip netns del ${name}`).catch(() => {});
  }
}
