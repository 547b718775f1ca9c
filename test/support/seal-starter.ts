/** Stands for the CLI where a test wants to change or kill it: starts a seal, or probes; says on stdout what came of it. */
import { fileURLToPath } from 'node:url';
import { isRoot } from '../../src/core/process.ts';
import { probeSeal, spawnSealed } from '../../src/lab/ground/seal.ts';

const [task = 'probe'] = process.argv.slice(2);
if (task === 'probe') console.log(JSON.stringify(await probeSeal()));
else {
  const program = fileURLToPath(new URL('./sealed-program.js', import.meta.url));
  const lab = spawnSealed(program, [task], { privilege: isRoot() ? 'root' : 'user-namespace' });
  lab.on('message', (answer) => console.log(JSON.stringify(answer)));
  lab.stderr?.pipe(process.stderr);
}
