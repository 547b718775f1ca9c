/** What a session knows that its replies may speak of. */
import type { Occasion } from './render.ts';

/** Nothing beyond what holds for the whole session. */
export const NOTHING_MORE: Partial<Occasion> = {};

/**
 * The occasion of every reply of one session. What holds for longer than one reply stands here; what is about the one
 * reply that is worded now is read where it was given, since few replies ask for it.
 */
export class Facts implements Occasion {
  readonly ip: string;
  readonly connection: number;
  transaction = 0;
  ids: Occasion['ids'] = {};
  /** As the client has said; a reply may be about another. */
  greeted = '';
  sender = '';
  tls = false;
  /** What the reply that is worded now is about besides. */
  about = NOTHING_MORE;

  constructor(ip: string, connection: number) {
    this.ip = ip;
    this.connection = connection;
  }

  get helo(): string {
    return this.about.helo ?? this.greeted;
  }

  get recipient(): string {
    return this.about.recipient ?? '';
  }

  get messageId(): string {
    return this.about.messageId ?? '';
  }

  get bytes(): number {
    return this.about.bytes ?? 0;
  }

  get dkimDomain(): string | undefined {
    return this.about.dkimDomain;
  }

  get fromDomain(): string | undefined {
    return this.about.fromDomain;
  }

  get passed(): Occasion['passed'] {
    return this.about.passed;
  }

  get command(): string | undefined {
    return this.about.command;
  }

  get field(): string | undefined {
    return this.about.field;
  }
}
