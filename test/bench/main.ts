/**
 * `npm run bench [name…] [number] [--json FILE]`: runs the benches one after the other (two at a time would measure
 * each other), prints their rows, and after a run of all of them writes reports/bench.md. It measures and does not
 * judge: the exit code is 0 whatever the figures are, 1 if a bench could not be carried out.
 */
import { execFileSync, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asset } from '../../src/core/assets.ts';
import { wallClock } from '../../src/core/clock.ts';
import { nodeVersion } from '../../src/core/process.ts';
import type { Row } from './side-by-side.ts';
import { type Circumstances, conclusionOf, type Findings, heading, lineOf, markdownOf } from './table.ts';
import type { Told } from './tell.ts';

/** All benches, in the order of the report; DESIGN.md "Performance budget" first. */
const BENCHES = [
  'driver',
  'sinks',
  'pair',
  'policy',
  'ledger',
  'million',
  'sessions',
  'tls',
  'engines',
  'haraka',
] as const;

/** Run when they are named only: they say how well the harness judges, not what it costs. */
const ON_REQUEST = ['compare'] as const;

const PREFACE = [
  'Ours and theirs run in turns in one run (ABAB), after one repeat of each that is left out; a figure is the median of five, with the least and the largest beside it. A ratio is ours divided by theirs. CPU is user and system time of all processes of a side, as /proc tells it, start of smtp-source included. All traffic is loopback; both sides have the same messages on the wire, connections, recipients (one a message), DATA and the socket buffers that the kernel gives; every message was confirmed with a 250, and counted at the sink.',
];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const sizes = positionals.filter((word) => /^\d+$/.test(word));
const words = positionals.filter((word) => !sizes.includes(word));
const known = [...BENCHES, ...ON_REQUEST];
const chosen: readonly string[] =
  words.length === 0 ? BENCHES : known.filter((name) => words.some((word) => name.includes(word)));
if (chosen.length === 0) {
  process.stderr.write(`windtunnel: no bench matches ${words.join(' ')}; there are ${known.join(', ')}\n`);
  process.exit(2);
}

const circumstances = describe();
process.stdout.write(`${circumstances.machine} Commit ${circumstances.commit}.\n`);
const findings: Findings[] = [];
const broken: string[] = [];
for (const name of chosen) {
  const { code, found } = await run(name);
  findings.push(found);
  if (code !== 0) broken.push(name);
}
process.stdout.write(`\n${conclusionOf(findings)}\n`);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ ...circumstances, findings }, null, 2)}\n`);
if (broken.length > 0) {
  process.stderr.write(`windtunnel: could not be carried out: ${broken.join(', ')}\n`);
  process.exitCode = 1;
} else if (BENCHES.every((name) => chosen.includes(name)) && sizes.length === 0) {
  writeFileSync(asset('reports', 'bench.md'), markdownOf(findings, circumstances, PREFACE));
}

/** Runs one bench and prints what it tells. */
function run(name: string): Promise<{ code: number | null; found: Findings }> {
  const path = fileURLToPath(new URL(`./${name}.bench.js`, import.meta.url));
  const bench = fork(path, sizes, { execArgv: ['--enable-source-maps', '--expose-gc'] });
  let about = '';
  const rows: Row[] = [];
  const notes: string[] = [];
  bench.on('message', (message) => {
    const told = message as Told;
    switch (told.type) {
      case 'about':
        about = told.text;
        process.stdout.write(`\n${name}: ${about}\n${heading}\n`);
        return;
      case 'row':
        rows.push(told.row);
        process.stdout.write(`${lineOf(told.row)}\n`);
        return;
      case 'note':
        notes.push(told.text);
        process.stdout.write(`note: ${told.text}\n`);
        return;
    }
  });
  return new Promise((resolve) => {
    bench.once('close', (code) => resolve({ code, found: { name, about, rows, notes } }));
  });
}

function describe(): Circumstances {
  const git = (...args: string[]): string => {
    try {
      return execFileSync('git', args, { cwd: asset(), encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  };
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes';
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return {
    date: wallClock().toISOString(),
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed}`,
    machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${gigabytes} GB, Linux ${release()}, Node ${nodeVersion}.`,
  };
}
