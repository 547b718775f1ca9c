import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import { NO_FOLDER, sealedMtaPlan } from '../../lab/mta/plan.ts';
import type { ConfigFile } from '../../mta/adapter.ts';
import { adapterNamed, adapterNames } from '../../mta/registry.ts';
import { planRun } from '../../scenario/plan.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, type ScenarioOptions, withChanges } from '../scenario-options.ts';

/** When a configuration's run begins, where nothing is run: replies of ISPs tell the time. */
const STARTED_AT = '2026-01-01T00:00:00.000Z';

/** Without `none`, which has no configuration. */
const NAMES = adapterNames().filter(adapterNamed);

/** `windtunnel mta config NAME SCENARIO` */
export function mtaConfigCommand(io: CommandIo): Command {
  return withChanges(new Command('config'))
    .description(
      'print the configuration that a mail server would get for a scenario; it need not be installed',
    )
    .argument('<name>', NAMES.join(', '))
    .argument('<scenario>', 'a scenario file; the mail server that it names does not matter')
    .option('--json', 'print the files as JSON')
    .action(async (name: string, file: string, options: Omit<ScenarioOptions, 'mta'> & { json?: true }) => {
      const adapter = adapterNamed(name);
      if (!adapter)
        throw new HarnessError('usage', `mta config ${name}: expected one of ${NAMES.join(', ')}`);
      const plan = planRun(loadWithOptions(file, { ...options, mta: name }));
      const files = adapter.config(await sealedMtaPlan(plan, STARTED_AT));
      if (adapter.untested !== undefined) io.stderr.write(`${name}: ${adapter.untested}\n`);
      if (files.length === 0) io.stderr.write(`${name}: its configuration is its user's own\n`);
      if (files.some(({ text }) => text.includes(NO_FOLDER)))
        io.stderr.write(`${NO_FOLDER} stands for the folder of a run\n`);
      io.stdout.write(options.json ? asJson(files) : asText(files));
    });
}

/** One file as it is; several with their names before them. */
function asText(files: readonly ConfigFile[]): string {
  const [only] = files;
  if (files.length === 1 && only && !only.secret) return only.text;
  return files
    .map(({ name, text, secret }) => `==> ${name} <==\n${secret ? '(secret, left out)\n' : text}`)
    .join('\n');
}

function asJson(files: readonly ConfigFile[]): string {
  const shown = files.map(({ name, text, secret }) => ({ name, secret, text: secret ? null : text }));
  return `${JSON.stringify(shown, null, 2)}\n`;
}
