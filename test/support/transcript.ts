/** Every reply of an ISP as it is on the wire, with what a client said before. Ids and times are always the same. */
import { loadProfile } from '../../fakes/isp/profile.ts';
import { createRenderer, type Occasion, type Renderer } from '../../fakes/isp/render.ts';
import type { Reply } from '../../fakes/isp/replies.ts';
import { type ResolvedIsp, resolveIsp } from '../../fakes/isp/resolve.ts';
import { createPrng } from '../../src/core/prng.ts';

/** The time that replies tell in tests. */
export const WALL = new Date('2026-02-25T11:12:39.245Z');

/** A message on its way in tests. */
export const OCCASION: Occasion = {
  ip: '192.0.2.10',
  helo: 'out1.sender.test',
  sender: 'b-7@news.sender.test',
  recipient: 'u1.0@isp.test',
  messageId: '7@news.sender.test',
  bytes: 64654,
  connection: 3,
  transaction: 1,
  ids: {},
  command: 'EHLO',
  field: 'Subject',
};

/** An ISP that comes with the harness, and its renderer. */
export function speaker(name: string): { readonly isp: ResolvedIsp; readonly render: Renderer } {
  const isp = resolveIsp(loadProfile(name), { scale: 1 });
  return { isp, render: createRenderer(isp, createPrng(1), () => WALL, new Set()) };
}

/** The lines of one reply; an occasion differs from OCCASION in what is given. */
export function say(name: string, id: string, occasion: Partial<Occasion> = {}): readonly string[] {
  const { isp, render } = speaker(name);
  const index = isp.replies.findIndex((reply) => reply.id === id);
  if (index < 0) throw new Error(`${name} has no ${id}`);
  return render(index, { ...OCCASION, ids: {}, ...occasion }).lines;
}

/** All replies of an ISP, each with the command that it answers. */
export function transcript(name: string): string {
  const { isp, render } = speaker(name);
  const recipient = `u1.0@${isp.domains[0]}`;
  return isp.replies
    .map((reply, index) => {
      const { lines, close } = render(index, { ...OCCASION, ids: {}, recipient });
      return [
        `# ${reply.id}`,
        `C: ${said(reply, recipient)}`,
        ...lines.map((line) => `S: ${line}`),
        ...(close ? ['S: (closes the connection)'] : []),
        '',
      ].join('\n');
    })
    .join('\n');
}

/** What a client does at each stage. */
function said({ id, stage, bounce }: Reply, recipient: string): string {
  const command = Object.entries(COMMANDS).find(([end]) => id.endsWith(end))?.[1];
  if (command !== undefined) return command;
  if (bounce) return '(the message was taken; this is in a bounce)';
  switch (stage) {
    case 'connect':
      return '(connects)';
    case 'ehlo':
      return `EHLO ${OCCASION.helo}`;
    case 'starttls':
      return 'STARTTLS';
    case 'mail':
      return `MAIL FROM:<${OCCASION.sender}>`;
    case 'rcpt':
      return `RCPT TO:<${recipient}>`;
    case 'data':
      return 'DATA';
    case 'dot':
      return '.';
    case 'idle':
      return '(waits)';
  }
}

/** Commands that are not those of their reply's stage, by the end of its id. */
const COMMANDS: Readonly<Record<string, string>> = {
  'G-helo': `HELO ${OCCASION.helo}`,
  'Y-helo': `HELO ${OCCASION.helo}`,
  'O-helo': `HELO ${OCCASION.helo}`,
  '-chunk': 'BDAT 64654',
  '-reset': 'RSET',
  '-noop': 'NOOP',
  '-vrfy': 'VRFY u1.0',
  '-help': 'HELP',
  '-quit': 'QUIT',
  '-unrecognized': 'HALLO',
  '-unimplemented': 'EXPN u1.0',
  '-goodbye': 'HALLO',
  '-hello': `MAIL FROM:<${OCCASION.sender}>`,
  '-decode': 'HALLO',
  '-no-argument': 'EHLO',
};
