/** Senders whose authentication is good, bad or missing in the ways that ISPs tell apart, and messages from them. */
import { generateKeyPairSync } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { createLabResolver, type DnsFailures, type LabResolver } from '../../fakes/isp/lab-resolver.ts';
import { buildZones, type SenderDomain, type ZoneSpec } from '../../fakes/zones.ts';

const SELECTOR = 's1';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** The source with a name that leads back to it; every other address has none. */
export const SOURCE = { address: '198.18.128.1', helo: 'out1.good.test' };
export const SOURCE6 = { address: '2001:2:0:1::1', helo: 'out2.good.test' };

const dkim = [{ selector: SELECTOR, type: 'rsa', publicKey }] as const;
const sender = (domain: string, records: Partial<SenderDomain>): SenderDomain => ({
  domain,
  spf: null,
  dkim: [],
  dmarc: null,
  mx: [],
  ...records,
});

/** Sending domains by what their DNS says. */
export const SENDERS: readonly SenderDomain[] = [
  sender('good.test', { spf: 'auto', dkim, dmarc: 'p=reject' }),
  sender('news.good.test', { spf: 'auto', dkim }),
  sender('strict.test', { spf: 'auto', dkim, dmarc: 'p=reject; adkim=s; aspf=s' }),
  sender('bounce.strict.test', { spf: 'auto', dkim }),
  sender('watching.test', { spf: 'v=spf1 ~all', dkim, dmarc: 'p=none' }),
  sender('quarantine.test', { spf: 'v=spf1 ~all', dkim, dmarc: 'p=quarantine' }),
  sender('undecided.test', { spf: 'auto', dkim, dmarc: 'rua=mailto:x@undecided.test' }),
  sender('bare.test', {}),
  sender('nodmarc.test', { spf: 'auto', dkim }),
  sender('hard.test', { spf: 'v=spf1 -all' }),
  sender('open.test', { spf: 'v=spf1 +all', dkim, dmarc: 'p=none' }),
  sender('outsourced.test', { spf: 'v=spf1 include:_spf.esp.test -all' }),
  sender('_spf.esp.test', { spf: 'auto' }),
  sender('broken.test', { spf: 'v=spf1 bogus:x -all' }),
];

const SPEC: ZoneSpec = { isps: [], senders: SENDERS, sources: [SOURCE, SOURCE6] };

/** DNS of the world that these senders live in. */
export function senderDns(failures?: DnsFailures): LabResolver {
  return createLabResolver(buildZones(SPEC), failures);
}

/** What differs from a message that is as it should be. */
export interface Letter {
  readonly from: string;
  /** The domain that signs it; undefined: nobody. */
  readonly signedBy?: string | undefined;
  /** Whether it is changed after it was signed. */
  readonly spoilt?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes another message of it, the signature gone stale. */
  readonly edit?: (message: string) => string;
}

/** A message as it arrives, signed with a throwaway key. */
export async function writeLetter({ from, signedBy, spoilt, headers, edit }: Letter): Promise<Buffer> {
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    ...(signedBy !== undefined && { dkim: { domainName: signedBy, keySelector: SELECTOR, privateKey } }),
  });
  const { message } = await transport.sendMail({
    from,
    to: 'someone@isp.test',
    subject: 'News',
    messageId: '<7@good.test>',
    date: new Date(0),
    text: 'Good news.\nMore of it.\n',
    ...(headers && { headers }),
  });
  const text = message.toString('latin1');
  const changed = edit?.(text) ?? (spoilt ? text.replace('Good news', 'Bad news') : text);
  return Buffer.from(changed, 'latin1');
}
