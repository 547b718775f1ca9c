import { decide } from '../../../../fakes/isp/policy.ts';
import type { ResolvedIsp } from '../../../../fakes/isp/resolve.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import type { Verdict } from '../../../../fakes/isp/verdict.ts';
import { createPrng } from '../../../../src/core/prng.ts';

const prng = createPrng(42);

/** A client in virtual time that does what it is told; every verdict comes back as the id of a reply, or as a word. */
export function at(isp: ResolvedIsp, chance = prng) {
  const state = createState(isp);
  let connections = 0;
  const say = (verdict: Verdict): string =>
    verdict.kind === 'hangup' ? 'hangup' : (isp.replies[verdict.reply]?.id ?? '?');
  const client = {
    state,
    connect(source = 0, now = 0, block = source): { connection: number; heard: string } {
      const connection = connections++;
      return {
        connection,
        heard: say(
          decide(
            state,
            { kind: 'connect', connection, source, client: `c${source}`, netblock: `n${block}` },
            now,
            chance,
          ),
        ),
      };
    },
    mail: (connection: number, now = 0, senderDomain = 'news.sender.test', size = 0): string =>
      say(
        decide(
          state,
          { kind: 'mail', connection, sender: `b-1@${senderDomain}`, senderDomain, size },
          now,
          chance,
        ),
      ),
    rcpt: (connection: number, recipient: string, now = 0): string =>
      say(decide(state, { kind: 'rcpt', connection, recipient }, now, chance)),
    dot: (
      connection: number,
      now = 0,
      recipients: string[] = ['u1.0@isp.test'],
      bytes = 1000,
      dkimDomain?: string,
    ): string => say(decide(state, { kind: 'dot', connection, recipients, bytes, dkimDomain }, now, chance)),
    close: (connection: number, now = 0): void =>
      void decide(state, { kind: 'close', connection }, now, chance),
    /** One message from MAIL to the dot: the first refusal, or the last reply. */
    send(connection: number, now = 0, recipient = 'u1.0@isp.test', domain = 'news.sender.test'): string {
      const mail = client.mail(connection, now, domain);
      if (!mail.endsWith('-mail')) return mail;
      const rcpt = client.rcpt(connection, recipient, now);
      return rcpt.endsWith('-rcpt') ? client.dot(connection, now, [recipient]) : rcpt;
    },
    /** One message to somebody new on a connection of its own: the first refusal, or the last reply. */
    deliver(now: number, source = 0, domain = 'news.sender.test'): string {
      const { connection, heard } = client.connect(source, now);
      const told = heard.endsWith('-greeting')
        ? client.send(connection, now, `u${connection}.0@isp.test`, domain)
        : heard;
      client.close(connection, now);
      return told;
    },
  };
  return client;
}
