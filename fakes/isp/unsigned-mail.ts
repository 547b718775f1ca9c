/**
 * The judgement on mail that nobody has signed, made once for all such mail that is alike to it. It depends on the From
 * fields, the client and the domain of MAIL FROM; and on what else stands in MAIL FROM only where a record has macros
 * (RFC 7208 section 7).
 */
import type { MessageFindings } from './authentication.ts';
import type { LabResolver } from './lab-resolver.ts';

/** What is found about a message besides how its header is made. */
export type Judged = Omit<MessageFindings, 'header'>;

/** The part of a client that counts. */
interface Sender {
  readonly address: string;
  readonly helo: string;
  readonly sender: string;
}

/** How many kinds of mail are remembered at most. */
const MOST = 1024;

/** Characters and ends of lines that readers of mail may take for something else. */
const UNUSUAL = /[^\t\r\n -~]|\r(?!\n)|(?<!\r)\n/;
const SIGNED = /dkim-signature|arc-/i;
/** What may be a From field, folded lines with it; and more, which does no harm. */
const FROM = /^[ \t]*from.*(?:\r\n[ \t].*)*/gim;

/** Remembers judgements. Only for a DNS that always gives the same answer to a question. */
export class UnsignedMail {
  #known = new Map<string, Judged>();

  /**
   * The judgement on a message that nobody has signed.
   * @param head its header, one character a byte
   * @param judge judges it, and asks DNS by what it is given
   */
  async judged(
    head: string,
    client: Sender,
    resolve: LabResolver['resolve'],
    judge: (resolve: LabResolver['resolve']) => Promise<Judged>,
  ): Promise<Judged> {
    const kind = kindOf(head, client);
    const known = kind === undefined ? undefined : this.#known.get(kind);
    if (known) return known;
    let hasMacros = false;
    const judged = await judge(async (name, type) => {
      const answer = await resolve(name, type);
      if (type === 'TXT') hasMacros ||= answer.flat().some((text) => text.includes('%'));
      return answer;
    });
    if (kind !== undefined && !hasMacros) this.#remember(kind, judged);
    return judged;
  }

  #remember(kind: string, judged: Judged): void {
    if (this.#known.size >= MOST) this.#known = new Map();
    this.#known.set(kind, judged);
  }
}

/** All that the judgement depends on, if there are no macros; undefined: perhaps on more. */
function kindOf(head: string, { address, helo, sender }: Sender): string | undefined {
  if (UNUSUAL.test(head) || SIGNED.test(head)) return undefined;
  const at = sender.lastIndexOf('@');
  const domain = at < 0 ? sender : sender.slice(at);
  return [address, helo, domain, ...(head.match(FROM) ?? [])].join('\n');
}
