/** From the loads of a run to what k6 is given: the plan that the script reads, and the script. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chanceKey } from '../../core/prng.ts';
import type { LoadPlan } from '../load.ts';
import { prepareContents } from '../message/content.ts';
import { ownFields, type RunStamp } from '../message.ts';
import type { K6Plan } from './k6-plan.ts';
import { k6Scenario } from './scenario-options.ts';
import type { ScriptDraft, ScriptLoad, ScriptMessages, ScriptPlan } from './script-plan.ts';

/** The name of a plan's file, in the folder of its process. */
export const PLAN_FILE = 'plan.json';
/** The environment variable in which k6 is told where the plan is, as a path. */
export const PLAN_VARIABLE = 'WINDTUNNEL_PLAN';
/** k6's own summary, as the script's handleSummary() writes it. */
export const SUMMARY_FILE = 'k6-summary.json';

/** What a script plan is made of. */
export type ScriptWish = Pick<K6Plan, 'seed' | 'loads' | 'stamp' | 'endpoint' | 'share'> & {
  /** See ScriptPlan.control. */
  readonly control?: string;
  /** See ScriptPlan.summary. */
  readonly summary: string;
};

/** The files that a k6 process is started with. */
export interface ScriptFiles {
  /** What k6 is to run. */
  readonly script: string;
  /** The value of PLAN_VARIABLE. */
  readonly plan: string;
}

/**
 * Writes into a k6 process's folder what it needs.
 * @param control see ScriptPlan.control
 */
export async function writeScript(plan: K6Plan, control: string | undefined): Promise<ScriptFiles> {
  const { folder, loads } = plan;
  const summary = join(folder, SUMMARY_FILE);
  const scriptPlan = await scriptPlanOf({ ...plan, summary, ...(control !== undefined && { control }) });
  const planFile = join(folder, PLAN_FILE);
  // 0600: it may hold an API key.
  writeFileSync(planFile, JSON.stringify(scriptPlan), { mode: 0o600 });
  const users = userScripts(loads);
  if (users.length === 0) return { script: modulePath('script.js'), plan: planFile };
  const script = join(folder, 'k6-script.js');
  const assembly = pathToFileURL(modulePath('user-scripts.js')).href;
  writeFileSync(
    script,
    wrapper(
      assembly,
      users.map((user) => pathToFileURL(user).href),
    ),
  );
  return { script, plan: planFile };
}

/** The plan that the script reads. */
export async function scriptPlanOf(wish: ScriptWish): Promise<ScriptPlan> {
  const { seed, loads, stamp, endpoint, share, control, summary } = wish;
  const users = userScripts(loads);
  // They are all in one folder (scenario/k6-load.ts).
  const base = users[0] === undefined ? undefined : dirname(users[0]);
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return {
    chance: chanceKey(seed),
    url: `http://${host}:${endpoint.port}`,
    api: endpoint.api,
    ...(endpoint.key !== undefined && { key: endpoint.key }),
    loads: await Promise.all(loads.map((load) => scriptLoad(load, users, stamp, share.of))),
    ...(base !== undefined && { base }),
    ...(control !== undefined && { control }),
    summary,
  };
}

/**
 * The script that k6 runs in place of windtunnel's own: the users', with what windtunnel adds.
 * @param assembly where k6 finds script/user-scripts.js
 * @param users where it finds the users' scripts, in the order of ScriptLoad.script
 */
export function wrapper(assembly: string, users: readonly string[]): string {
  const names = users.map((_, index) => `user${index}`);
  return [
    // First: it makes the global object `windtunnel`, which the users' scripts look for.
    `import { assembled } from ${JSON.stringify(assembly)};`,
    ...users.map((user, index) => `import * as ${names[index]} from ${JSON.stringify(user)};`),
    `const test = assembled([${names.join(', ')}]);`,
    'export const options = test.options;',
    'export const setup = test.setup;',
    'export const teardown = test.teardown;',
    'export const handleSummary = test.handleSummary;',
    'export default test.iterate;',
    '',
  ].join('\n');
}

/** The path of a compiled module of the script. */
export function modulePath(file: string): string {
  return fileURLToPath(new URL(`./script/${file}`, import.meta.url));
}

/** The users' scripts of a run, each once. */
export function userScripts(loads: ScriptWish['loads']): string[] {
  return [...new Set(loads.flatMap(({ k6 }) => k6?.script ?? []))];
}

async function scriptLoad(
  load: LoadPlan,
  users: readonly string[],
  stamp: RunStamp,
  segments: number,
): Promise<ScriptLoad> {
  const { script, exec } = load.k6 ?? {};
  return {
    name: load.name,
    scenario: k6Scenario(load, segments),
    ...(script !== undefined && { script: users.indexOf(script) }),
    ...(exec !== undefined && { exec }),
    firstMessage: load.recipients.firstMessage,
    count: load.messages,
    pauseSeconds: load.pause / 1e6,
    timeoutMs: load.timeoutMs,
    recipients: load.recipients,
    messages: await scriptMessages(load, stamp),
  };
}

async function scriptMessages({ message }: LoadPlan, stamp: RunStamp): Promise<ScriptMessages> {
  const own = ownFields(message, stamp);
  const contents = await prepareContents(
    message.content,
    own.map((field) => field.name),
  );
  const drafts = contents.map(
    ({ fields, start, filler, end }): ScriptDraft => ({
      header: [...own, ...fields].map(({ text, merged }) => ({ text, merged })),
      start,
      filler,
      end,
    }),
  );
  return {
    load: message.load,
    size: message.size,
    drafts,
    recipients: message.recipients,
    senders: message.senders.map(({ domain }) => domain),
    vmtas: message.vmtas,
    unsubscribe: message.unsubscribe,
  };
}
