/** Desks, their rules and their outbound for tests. */
import { Desk, type DeskOptions, type FeedbackStep } from '../../fakes/feedback/desk.ts';
import type { ReturnedMail, ReturnedSubject } from '../../fakes/feedback/mail.ts';
import type { OneClick } from '../../fakes/feedback/one-click.ts';
import type { HandOver, Outbound } from '../../fakes/feedback/outbound.ts';
import type { FeedbackRule, ResolvedFeedback } from '../../fakes/feedback/resolved-feedback.ts';
import { createPrng } from '../../src/core/prng.ts';
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import { VirtualTimers } from './virtual-timers.ts';

const SECOND = 1e6;

/** A rule for everybody, all the time, at once. */
export function ruleOf(kind: FeedbackKind, share: number, fields: Partial<FeedbackRule> = {}): FeedbackRule {
  return {
    kind,
    start: 0,
    end: null,
    share,
    delay: { kind: 'even', min: 0, max: 0 },
    header: null,
    group: null,
    sources: null,
    ...fields,
  };
}

/** What an ISP sends back that has these rules. It tries again after 1 s, 5 s, 5 s …, for 20 s. */
export function feedbackOf(
  rules: readonly FeedbackRule[],
  fields: Partial<ResolvedFeedback> = {},
): ResolvedFeedback {
  return {
    complaints: {
      form: 'arf',
      key: 'dkim-domain',
      loops: null,
      redacted: false,
      from: 'fbl@isp.test',
    },
    bounces: { form: 'rfc3464', from: 'mailer-daemon@isp.test' },
    oneClick: true,
    data: 'none',
    retry: [SECOND, 5 * SECOND],
    expire: 20 * SECOND,
    day: 86_400 * SECOND,
    rules,
    source: 'test',
    mark: 'assumed',
    ...fields,
  };
}

/** Hands over in no time, to someone who says what the test wants. */
export class ScriptedOutbound implements Outbound {
  lanes = 2;
  readonly mails: ReturnedMail[] = [];
  readonly clicks: OneClick[] = [];
  /** What comes of a try; undefined: it stays under way. */
  answer: () => HandOver | undefined = () => 'taken';
  isClosed = false;
  readonly underWay: ((came: HandOver) => void)[] = [];

  mail(mail: ReturnedMail, done: (came: HandOver) => void): void {
    this.mails.push(mail);
    this.#settle(done);
  }

  click(click: OneClick, done: (came: HandOver) => void): void {
    this.clicks.push(click);
    this.#settle(done);
  }

  close(): void {
    this.isClosed = true;
  }

  #settle(done: (came: HandOver) => void): void {
    const came = this.answer();
    if (came) done(came);
    else this.underWay.push(done);
  }
}

/** A mail that says of which kind it is. */
export function plainMail({ kind, message, recipient }: ReturnedSubject): ReturnedMail {
  return { sender: '', recipient: message.sender, text: `Subject: ${kind} of ${recipient}\r\n\r\n` };
}

/** A desk in virtual time, and all that it does. */
export function virtualDesk(rules: readonly FeedbackRule[], fields: Partial<DeskOptions> = {}) {
  const clock = new VirtualTimers();
  const outbound = new ScriptedOutbound();
  const steps: FeedbackStep[] = [];
  const observed: string[] = [];
  const desk = new Desk({
    feedback: feedbackOf(rules),
    mta: 'mx.isp.test',
    feedbackAddress: 'fbl@news.sender.test',
    clock,
    prng: createPrng(42),
    outbound,
    write: plainMail,
    observe: ({ kind, source, senderDomain, dkimDomain }) =>
      observed.push(`${clock.now() / SECOND} ${kind} ${source} ${senderDomain} ${dkimDomain}`),
    watchers: [],
    record: (step) => steps.push(step),
    ...fields,
  });
  return {
    desk,
    clock,
    outbound,
    observed,
    /** The steps so far, as `<second> <kind> <state>`, and the tries if there were any. */
    steps: () =>
      steps.map(({ at, kind, state, tries }) =>
        [at / SECOND, kind, state, ...(tries > 0 ? [tries] : [])].join(' '),
      ),
  };
}
