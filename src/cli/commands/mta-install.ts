import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import { install } from '../../mta/packages/install.ts';
import { DEBIAN_PACKAGES, type PackagedMta } from '../../mta/packages/unpacked.ts';
import type { CommandIo } from '../io.ts';

/** `windtunnel mta install NAME` */
export function mtaInstallCommand(io: CommandIo): Command {
  const names = Object.keys(DEBIAN_PACKAGES);
  return new Command('install')
    .description(
      "fetch a mail server from Debian's archive and unpack it into a cache; nothing on this machine changes",
    )
    .argument('<name>', names.join(', '))
    .option('--json', 'print where it is as JSON')
    .action(async (name: string, options: { json?: true }) => {
      if (!isPackaged(name)) {
        throw new HarnessError('usage', `mta install ${name}: expected ${names.join(', ')}`);
      }
      const got = await install(name, (sentence) => io.stderr.write(`${sentence}\n`));
      io.stdout.write(
        options.json
          ? `${JSON.stringify({ name, ...got })}\n`
          : `${name} ${got.version} is in ${got.prefix}\n`,
      );
    });
}

function isPackaged(name: string): name is PackagedMta {
  return Object.hasOwn(DEBIAN_PACKAGES, name);
}
