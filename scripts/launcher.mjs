// The program that npm links as a command: it checks Node's version, then loads the command. Imports would be resolved, and
// modern syntax parsed, before a check in the same file could run; so this text has only what old versions know.

/**
 * Returns the text of a command's launcher.
 * @param name of the command's module beside it, without '-command.js'
 * @param range the versions of Node that package.json names, such as '>=20.19'
 */
export function launcher(name, range) {
  const [, version, major, minor] = range.match(/^>=((\d+)\.(\d+))$/);
  return `#!/usr/bin/env node
var found = process.versions.node.split('.').map(Number);
if (found[0] < ${major} || (found[0] === ${major} && found[1] < ${minor})) {
  console.error('yy-${name}: Node ${version} or newer is needed, but this is Node ' + process.versions.node + '.');
  process.exitCode = 2;
} else {
  import('./${name}-command.js');
}
`;
}
