/** Neutral words for what every SMTP server must be able to say, where an ISP's own are not known. */
import { asset } from '../../src/core/assets.ts';
import { PROTOCOL_ERRORS, type ProtocolError } from './protocol.ts';
import { loadReplies, type Reply } from './replies.ts';

/** The parts of a profile's session that name replies by their id. */
export interface Named {
  readonly answers: {
    readonly ehlo: string;
    readonly starttls?: string | undefined;
    readonly chunk?: string | undefined;
  };
  readonly errors: Readonly<Partial<Record<ProtocolError, string | undefined>>>;
  readonly lines?: { readonly text?: number | undefined } | undefined;
}

/** Errors that can happen only where EHLO offers a keyword. */
const ERROR_NEEDS: Readonly<Partial<Record<ProtocolError, string>>> = {
  'data-after-bdat': 'CHUNKING',
  'data-of-binary': 'BINARYMIME',
  'too-big': 'SIZE',
  'tls-repeated': 'STARTTLS',
};

/** Completes a session: names neutral replies for what it leaves open and can happen, and adds them to its replies. */
export function withNeutralReplies<T extends Named>(
  session: T,
  replies: readonly Reply[],
): { readonly session: T; readonly replies: readonly Reply[] } {
  const offered = extensionsOf(replies.find((reply) => reply.id === session.answers.ehlo));
  const added = new Set<string>();
  const neutral = (name: string): string => {
    added.add(`S-${name}`);
    return `S-${name}`;
  };
  const answers = { ...session.answers };
  if (offered.includes('STARTTLS')) answers.starttls ??= neutral('starttls');
  if (offered.includes('CHUNKING')) answers.chunk ??= neutral('chunk');
  const errors = { ...session.errors };
  for (const error of PROTOCOL_ERRORS) {
    const needs = ERROR_NEEDS[error];
    const happens =
      error === 'long-text'
        ? session.lines?.text !== undefined
        : error !== 'tls-pipelined' && (needs === undefined || offered.includes(needs));
    if (happens) errors[error] ??= neutral(error);
  }
  if (added.size === 0) return { session, replies };
  const standard = loadReplies(asset('fakes/isp/replies.yaml')).filter(({ id }) => added.has(id));
  return { session: { ...session, answers, errors }, replies: [...replies, ...standard] };
}

/** The keywords of an EHLO reply, in capitals (RFC 5321 section 4.1.1.1: all lines but the first). */
export function extensionsOf(ehlo: Pick<Reply, 'lines'> | undefined): string[] {
  return (ehlo?.lines ?? []).slice(1).map((line) => (line.split(' ')[0] ?? '').toUpperCase());
}
