import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { platform } from '../../src/core/process.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { sealHere } from '../support/seal-ground.ts';

const GROUNDS = ['in a seal', 'without a seal'] as const;
type Ground = (typeof GROUNDS)[number];

interface Flown {
  readonly code: number;
  readonly text: string;
  readonly folder: string;
  readonly summary: Summary;
}

async function flown(t: TestContext, ground: Ground, scenario: string): Promise<Flown> {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const path = scenarioFile(folder, `# Does it?\n${scenario}`);
  const options = ground === 'in a seal' ? [] : ['--no-seal'];
  const { code, stdout, stderr } = await cli(['run', path, '--out', out, ...options]);
  return { code, text: stdout + stderr, ...onlyRun(out) };
}

async function hasGround(t: TestContext, ground: Ground): Promise<boolean> {
  return ground === 'without a seal' || (await sealHere(t));
}

/** What Haraka says of connections that ended: from where, whether with TLS, and how many messages it took from it. */
function connections(folder: string): { ip: string; tls: boolean; messages: number }[] {
  const log = readFileSync(join(folder, 'mta', 'haraka.log'), 'utf8');
  return [...log.matchAll(/ disconnect ip=(\S+) .*? tls=([YN]) .*? msgs=(\d+)\/0\/0 /g)].map(
    ([, ip = '', tls, messages]) => ({ ip, tls: tls === 'Y', messages: Number(messages) }),
  );
}

const ISPS = 'isps: { gmail: { limits: unlimited, mailboxes: { unknown: 0%, full: 0%, disabled: 0% } } }\n';
const WHOLE = "delivered: ['count==20'], pending: ['count==0']";

// Counts and words alone are asserted, whatever the pace.
describe('submission', { concurrency: 2 }, () => {
  for (const ground of GROUNDS) {
    const from = ground === 'in a seal' ? '198.18.128.1' : '127.1.0.1';
    const rows: { name: string; load: string; tls: boolean; ips: string[] }[] = [
      {
        name: 'STARTTLS and AUTH PLAIN',
        load: 'tls: starttls, auth: { user: news, password: s3cret }',
        tls: true,
        ips: [],
      },
      {
        name: 'implicit TLS and AUTH LOGIN',
        load: 'tls: implicit, auth: { mechanism: login, user: news@a.test, password: "s=3;c#r" }',
        tls: true,
        ips: [],
      },
      {
        name: 'AUTH CRAM-MD5 in the clear',
        load: 'auth: { mechanism: cram-md5, user: news, password: s3cret }',
        tls: false,
        ips: [],
      },
    ];
    if (platform === 'linux') {
      rows.push({
        name: "TLS from addresses of the injector's own",
        load: `tls: starttls, messagesPerConnection: 2, sources: [127.0.0.9, 198.18.128.1], auth: { user: news, password: s3cret }`,
        tls: true,
        ips: ['127.0.0.9', from],
      });
      if (existsSync('/proc/net/if_inet6') && readFileSync('/proc/net/if_inet6', 'utf8').includes(' lo'))
        rows.push({
          name: 'implicit TLS over IPv6',
          load: 'tls: implicit, sources: ["::1"]',
          tls: true,
          ips: ['::1'],
        });
    }

    for (const { name, load, tls, ips } of rows) {
      test(`${ground}: ${name}`, async (t) => {
        if (!(await hasGround(t, ground))) return;
        const run = await flown(
          t,
          ground,
          `${ISPS}load: { vus: 2, iterations: 20, maxDuration: 1m, ${load} }\nthresholds: { ${WHOLE} }\n`,
        );
        assert.equal(run.code, 0, run.text);
        assert.deepEqual(run.summary.injector.refusals, []);
        const carrying = connections(run.folder).filter(({ messages }) => messages > 0);
        assert.equal(
          carrying.reduce((sum, { messages }) => sum + messages, 0),
          20,
        );
        assert.deepEqual(new Set(carrying.map((connection) => connection.tls)), new Set([tls]));
        if (ips.length > 0) assert.deepEqual(new Set(carrying.map(({ ip }) => ip)), new Set(ips));
        if (!tls) return;
        const key = join(run.folder, 'mta', 'config', 'tls_key.pem');
        assert.equal(statSync(key).mode & 0o777, 0o600);
        for (const file of ['run.json', 'summary.json', 'report.html'])
          assert.doesNotMatch(readFileSync(join(run.folder, file), 'utf8'), /PRIVATE KEY/);
      });
    }

    test(`${ground}: a wrong password is refused, counted, and harms nobody else`, async (t) => {
      if (!(await hasGround(t, ground))) return;
      const run = await flown(
        t,
        ground,
        `${ISPS}loads:
  right: { rate: 5/s, duration: 4s, connections: 1, auth: { user: news, password: s3cret } }
  wrong: { rate: 5/s, duration: 4s, connections: 1, auth: { mechanism: login, user: news, password: guessed1 } }
thresholds: { ${WHOLE}, 'dropped_iterations': ['count<10'] }
`,
      );
      assert.equal(run.code, 99, run.text);
      const { refusals } = run.summary.injector;
      assert.deepEqual(
        refusals.map(({ code }) => code),
        [535],
      );
      assert.deepEqual(
        run.summary.thresholds.map(({ passed }) => passed),
        [true, true, false],
      );
      assert.equal(run.summary.totals.droppedIterations, 20);
      assert.match(run.text, /user "news"/);
    });
  }
});
