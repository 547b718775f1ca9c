/**
 * What mailauth finds about mail that nobody has signed, asked once for all such mail that is alike to it. Of a message
 * without signatures it judges the From fields, the client and the domain of MAIL FROM; and what else stands in MAIL
 * FROM only where a record has macros (RFC 7208 section 7).
 */
import type { AuthenticateOptions, AuthenticateResult, DNSResolver } from 'mailauth';

/** The part of mailauth's findings that is read. */
export interface Found extends Pick<AuthenticateResult, 'spf' | 'dmarc'> {
  readonly dkim: Pick<AuthenticateResult['dkim'], 'results'>;
}

/** What is asked about: the client, and how. */
type Question = AuthenticateOptions &
  Required<Pick<AuthenticateOptions, 'ip' | 'helo' | 'sender' | 'resolver'>>;

/** How many kinds of mail are remembered at most. */
const MOST = 1024;

/** Characters and ends of lines that readers of mail may take for something else. */
const UNUSUAL = /[^\t\r\n -~]|\r(?!\n)|(?<!\r)\n/;
const SIGNED = /dkim-signature|arc-/i;
/** What may be a From field, folded lines with it; and more, which does no harm. */
const FROM = /^[ \t]*from.*(?:\r\n[ \t].*)*/gim;

/** Remembers what was found. Only for a DNS that always gives the same answer to a question. */
export class UnsignedMail {
  #known = new Map<string, Found>();

  /**
   * What `authenticate` finds about a message.
   * @param head the message's header, one character a byte; nobody has signed it
   */
  async find(
    head: string,
    question: Question,
    authenticate: (message: Buffer, question: Question) => Promise<Found>,
  ): Promise<Found> {
    const kind = kindOf(head, question);
    const known = kind === undefined ? undefined : this.#known.get(kind);
    if (known) return known;
    let hasMacros = false;
    const resolver: DNSResolver = async (name, type) => {
      const answer = await question.resolver(name, type);
      if (type === 'TXT') hasMacros ||= answer.flat().some((text) => text.includes('%'));
      return answer;
    };
    const { spf, dmarc, dkim } = await authenticate(Buffer.from(head, 'latin1'), { ...question, resolver });
    const found: Found = { spf, dmarc, dkim: { results: dkim.results } };
    if (kind !== undefined && !hasMacros) this.#remember(kind, found);
    return found;
  }

  #remember(kind: string, found: Found): void {
    if (this.#known.size >= MOST) this.#known = new Map();
    this.#known.set(kind, found);
  }
}

/** All that findings depend on, if there are no macros; undefined: perhaps on more. */
function kindOf(head: string, { ip, helo, sender }: Question): string | undefined {
  if (UNUSUAL.test(head) || SIGNED.test(head)) return undefined;
  const at = sender.lastIndexOf('@');
  const domain = at < 0 ? sender : sender.slice(at);
  return [ip, helo, domain, ...(head.match(FROM) ?? [])].join('\n');
}
