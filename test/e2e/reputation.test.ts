import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TrafficStats } from '../../fakes/feedback/traffic-stats.ts';
import { installation } from '../../src/mta/haraka/install.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { writeProduction } from '../support/production-haraka.ts';
import { sealHere } from '../support/seal-ground.ts';
import { type PageAnswer, readPage } from '../support/sender-pages.ts';

const GOOGLE = 'gmailpostmastertools.googleapis.com';
const MICROSOFT = 'sendersupport.olc.protection.outlook.com';
const DOMAIN = 'news.sender.test';

/** Some complain at once, but not so many that the ISPs stop taking mail; nothing else comes back. */
const COMPLAINTS =
  '{ complaints: { share: 3%, delay: 1s }, withdrawals: 0%, bounces: 0%, auto-replies: 0%, challenges: 0%, malformed: 0%, unsubscribes: 0%, traps: 0% }';

const ISPS = `
clock: { scale: 60 }
senders: [{ domain: ${DOMAIN} }]
isps:
  gmail: { share: 50%, limits: unlimited, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, feedback: ${COMPLAINTS} }
  outlook: { share: 50%, limits: unlimited, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, feedback: ${COMPLAINTS} }
feedback: { to: mailroom }
`;

function trafficStats({ text }: PageAnswer): readonly TrafficStats[] {
  return (JSON.parse(text) as { trafficStats?: TrafficStats[] }).trafficStats ?? [];
}

/** What summary and files say of a run in which many complained. */
function assertTold(summary: Summary, folder: string): void {
  const gmail = summary.reputation.find(({ isp }) => isp === 'gmail');
  const delivered = summary.isps.find(({ id }) => id === 'gmail')?.accepted;
  const [domain] = gmail?.rates ?? [];
  assert.equal(domain?.name, DOMAIN);
  assert.equal(domain.recipients, delivered);
  assert.ok(
    domain.recipients > 250 && domain.complaints >= 3 && domain.complaints <= 15,
    JSON.stringify(domain),
  );
  assert.ok((gmail?.standings[0]?.lowest ?? 100) < 100);
  const { domains } = JSON.parse(readFileSync(join(folder, 'postmaster-tools.json'), 'utf8')) as {
    domains: { trafficStats: TrafficStats[] }[];
  };
  const [day] = domains[0]?.trafficStats ?? [];
  assert.equal(day?.userReportedSpamRatio?.toPrecision(5), domain.rate?.toPrecision(5));
  assert.deepEqual(
    day?.spammyFeedbackLoops?.map(({ id }) => id),
    ['spring', 'windtunnel'],
  );
  assert.match(
    readFileSync(join(folder, 'snds.csv'), 'utf8'),
    /^[\d.]+,[^,]*,[^,]*,\d+,\d+,\d+,(?:GREEN|YELLOW|RED),\d\.\d%,/,
  );
}

test('ISPs show a sender what they think of it while the run goes on, and the reports keep it', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const path = scenarioFile(
    folder,
    `mta: { adapter: none, sources: [198.18.128.1] }
${ISPS}
load: { vus: 4, iterations: 600, message: { dkim: rsa-1024, feedback-id: 'spring:windtunnel' } }
drain: { timeout: 10s }
`,
  );
  let over = false;
  const run = cli(['run', path, '--out', out, '--no-seal']).finally(() => {
    over = true;
  });
  let seen: readonly TrafficStats[] = [];
  const refusals: number[] = [];
  const csv: PageAnswer[] = [];
  while (!over && (seen.length === 0 || csv.length === 0)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      const [name = ''] = readdirSync(out);
      const ca = readFileSync(join(out, name, 'ca.pem'), 'utf8');
      const pages = JSON.parse(readFileSync(join(out, name, 'sender-pages.json'), 'utf8'));
      const ask = (host: string, path: string, method = 'GET') =>
        readPage({ host, path, ca, at: pages[host], method });
      if (refusals.length === 0) {
        refusals.push((await ask(GOOGLE, '/v1/domains', 'POST')).status);
        refusals.push((await ask(GOOGLE, '/v1/domains/stranger.test')).status);
        refusals.push((await ask(GOOGLE, '/v1/%')).status);
        refusals.push((await ask(MICROSOFT, '/snds/other.aspx')).status);
      }
      seen = trafficStats(await ask(GOOGLE, `/v1/domains/${DOMAIN}/trafficStats`));
      const data = await ask(MICROSOFT, '/snds/data.aspx?key=0');
      if (data.text !== '') csv.push(data);
    } catch {
      // The run has not begun yet, or is over.
    }
  }
  const { code, stdout, stderr } = await run;
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.deepEqual(refusals, [405, 404, 400, 404]);
  assert.match(seen[0]?.name ?? '', /^domains\/news\.sender\.test\/trafficStats\/\d{8}$/);
  assert.deepEqual([csv[0]?.status, csv[0]?.type], [200, 'text/csv']);
  const { summary, folder: flown } = onlyRun(out);
  assertTold(summary, flown);
  const rebuilt = await cli(['report', flown]);
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  assert.deepEqual(onlyRun(out).summary.reputation, summary.reputation);
  assertTold(onlyRun(out).summary, flown);
});

test("a dashboard on the MTA's side of the seal finds the ISPs' pages by their names", async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  writeProduction(join(folder, 'mail'));
  const out = join(folder, 'runs');
  const reader = fileURLToPath(new URL('../support/page-reader.js', import.meta.url));
  const node = process.execPath;
  const path = scenarioFile(
    folder,
    `mta:
  adapter: external
  sources: [198.18.128.1]
  external:
    start: [sh, -c, '${node} ${reader} ${out} pages.json & exec ${node} ${installation().program} -c .']
    queue: [sh, -c, 'ls queue | wc -l']
    cwd: mail
    scaled: true
    submission: 127.0.0.1:2525
${ISPS}
load: { vus: 4, iterations: 600, message: { dkim: rsa-1024, feedback-id: 'spring:windtunnel' } }
drain: { timeout: 30s }
`,
  );
  const { code, stdout, stderr } = await cli(['run', path, '--out', out]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const pages = JSON.parse(readFileSync(join(folder, 'mail', 'pages.json'), 'utf8')) as Record<
    string,
    PageAnswer
  >;
  assert.deepEqual([pages.google?.status, pages.microsoft?.status], [200, 200]);
  assert.equal(trafficStats(pages.google as PageAnswer).length, 1);
  assert.match(pages.microsoft?.text ?? '', /^198\.18\.128\.1,/);
  assertTold(onlyRun(out).summary, onlyRun(out).folder);
});
