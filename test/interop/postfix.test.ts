import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRoot } from '../../src/core/process.ts';
import { openInteropLab } from '../support/interop-lab.ts';
import { type Delivery, deliveries, startPostfix } from '../support/interop-postfix.ts';
import { lacking } from '../support/skip.ts';

const SENDER = 'b-7@news.sender.test';

/** Some mailboxes are unknown, and the second wave meets the limits. Gmail's counts for each source. */
const scenario = `
seed: 5
mta: { adapter: postfix, sources: [{ ip: 198.18.128.1, vmta: one }, { ip: "2001:2:0:1::1", vmta: one }] }
isps:
  gmail: { limits: { ip-rate: { rate: 1/h, burst: 5 } }, mailboxes: { unknown: 30%, full: 0, disabled: 0 } }
  yahoo: { limits: { ip-rate: { rate: 1/h, burst: 12 } }, mailboxes: { unknown: 30%, full: 0, disabled: 0 } }
  outlook: { limits: { ip-rate: { rate: 1/h, burst: 12 } }, mailboxes: { unknown: 30%, full: 0, disabled: 0 } }
load: { rate: 1/s, duration: 1s }
`;

interface Isp {
  readonly domain: string;
  /** A part of its hosts' names. */
  readonly host: RegExp;
  /** Its words in Postfix's log for each outcome. Postfix puts the lines of a reply into one. */
  readonly words: Readonly<Record<string, RegExp>>;
}

const isps: Readonly<Record<string, Isp>> = {
  gmail: {
    domain: 'gmail.com',
    host: /gmail-smtp-in\.l\.google\.com\[/,
    words: {
      accepted: /^250 2\.0\.0 OK {2}\d{10} [0-9a-f]+-[0-9a-f]+si\d+a\d+\.\d+ - gsmtp$/,
      rejected: /^550-5\.1\.1 The email account that you tried to reach does not exist\. .* - gsmtp$/,
      throttled:
        /^421-4\.7\.28 \[(198\.18\.128\.1|2001:2:0:1::1) {6}15\] Our system has detected an unusual rate of 421-4\.7\.28 unsolicited mail .* - gsmtp$/,
    },
  },
  yahoo: {
    domain: 'yahoo.com',
    host: /am0\.yahoodns\.net\[/,
    words: {
      accepted: /^250 ok dirdel$/,
      rejected:
        /^554 delivery error: dd This user doesn't have a yahoo\.com account \(\w+@yahoo\.com\) \[-?\d\] - mta/,
      throttled: /^421 4\.7\.0 \[TSS04\] Messages from 198\.18\.128\.1 temporarily deferred /,
    },
  },
  outlook: {
    domain: 'outlook.com',
    host: /olc\.protection\.outlook\.com\[/,
    words: {
      accepted:
        /^250 2\.6\.0 <\S+> \[InternalId=\d+, Hostname=\S+\] \d+ bytes in .* Queued mail for delivery -> 250 2\.1\.5$/,
      rejected: /^550 5\.5\.0 Requested action not taken: mailbox unavailable /,
      throttled: /^451 4\.7\.500 Server busy\. Please try again later from \[198\.18\.128\.1\]\. /,
    },
  },
};

test('Postfix delivers to every ISP by MX under TLS, and its log agrees with what the ISP saw', async (t) => {
  if (!isRoot()) return lacking(t, 'root, since Postfix switches users');
  const lab = await openInteropLab(t, scenario, ['postfix', 'smtp-source', 'sendmail']);
  if (!lab) return;
  const postfix = await startPostfix(lab, {
    // It delivers only to a host whose certificate names it and leads to the lab's authority; the
    // mailroom has none.
    smtp_tls_security_level: 'verify',
    smtp_tls_policy_maps: 'inline:{ news.sender.test=none }',
    smtp_tls_CAfile: join(lab.folder, 'ca.pem'),
    smtp_tls_loglevel: '1',
  });
  const ended = (count: number): Promise<string[]> =>
    postfix.logged(/^smtp: \w+: to=<(?!b-7@).*, status=/, count);
  const domains = Object.values(isps).map(({ domain }) => domain);
  // One message for all three: Postfix splits it.
  const together = domains.map((domain) => `together@${domain}`);
  const sent = await postfix.sendmail(SENDER, together, 'Subject: together\n\nHello.\n');
  assert.equal(sent.code, 0, sent.stderr);
  const inject = async (messages: number, mailbox: string): Promise<void> => {
    for (const domain of domains) {
      const envelope = ['-f', SENDER, '-t', `${mailbox}@${domain}`, '-N'];
      const argv = ['smtp-source', '-m', `${messages}`, '-s', '4', ...envelope, '127.0.0.1:25'];
      const { code, stderr } = await lab.run(argv);
      assert.equal(code, 0, stderr);
    }
  };
  await inject(10, 'first');
  await ended(11 * domains.length);
  await inject(15, 'second');
  const last = await ended(26 * domains.length);
  const bounced = last.filter((line) => line.includes('status=bounced')).length;
  await postfix.logged(/^smtp: \w+: to=<b-7@.*, status=sent/, bounced);
  await lab.mta.stop();

  const { isps: seen, mailroom } = await lab.observe();
  assert.equal(mailroom, bounced);
  const asked = readFileSync(join(lab.folder, 'dns.log'), 'utf8');
  for (const [id, { domain, host, words }] of Object.entries(isps)) {
    await t.test(id, () => {
      const log = deliveries(postfix.log()).filter((delivery) => delivery.domain === domain);
      // What the words mean is what the ISP meant, recipient by recipient.
      const outcomeOf = ({ words: said }: Delivery): string =>
        Object.keys(words).find((outcome) => words[outcome]?.test(said)) ?? said;
      const sorted = (list: string[]): string[] => list.sort();
      assert.deepEqual(
        sorted(log.map((delivery) => `${delivery.recipient} ${outcomeOf(delivery)}`)),
        sorted((seen[id]?.attempts ?? []).map(({ recipient, outcome }) => `${recipient} ${outcome}`)),
      );
      assert.deepEqual([...new Set(log.map(outcomeOf))].sort(), ['accepted', 'rejected', 'throttled']);
      const secured = postfix
        .log()
        .filter((line) => line.startsWith('smtp: Verified TLS connection established to') && host.test(line));
      assert.equal(secured.length, seen[id]?.connections.length);
      assert.match(asked, new RegExp(`^(198\\.18\\.128\\.1|2001:).* MX ${domain} NOERROR$`, 'm'));
    });
  }
});
