/**
 * All that the script needs which k6 runs (script/script.ts), as JSON: what Node prepares, so that within k6 nothing is left
 * but to fill it in. No code here, since both worlds import it.
 */
import type { ChanceKey } from '../../core/chance.ts';
import type { HttpApi } from '../../core/http-injection.ts';
import type { SizePlan } from '../message/sizes.ts';
import type { Unsubscribe } from '../message/values.ts';
import type { RecipientPlan } from '../recipients.ts';

/** A content with the header fields before it, not dot-stuffed; texts have placeholders where `merged`. */
export interface ScriptDraft {
  readonly header: readonly { readonly text: string; readonly merged: boolean }[];
  /** The personal beginning of the body. */
  readonly start: string;
  /** One line of what makes up the size; '' if the size is given. */
  readonly filler: string;
  readonly end: string;
}

/** The messages of a load; message/content.ts and message.ts say what each part is. */
export interface ScriptMessages {
  readonly load: string;
  readonly size: SizePlan;
  readonly drafts: readonly ScriptDraft[];
  readonly recipients: number;
  readonly senders: readonly string[];
  readonly vmtas: readonly string[];
  readonly unsubscribe: Unsubscribe;
}

/** A load as a k6 scenario of the same name. */
export interface ScriptLoad {
  readonly name: string;
  /** k6's scenario options as they stand in `options.scenarios` (k6 documentation, "Scenarios"), without `exec`. */
  readonly scenario: Readonly<Record<string, unknown>>;
  /** Whose function is an iteration: the place of a user's script among those of the run. Absent: windtunnel's own. */
  readonly script?: number;
  /** The function of the user's script; absent: the default one. */
  readonly exec?: string;
  /** The load's messages are numbered from here by k6's number of the iteration in the test; there are so many at most. */
  readonly firstMessage: number;
  readonly count: number;
  /** A virtual user waits so long after an iteration, seconds. */
  readonly pauseSeconds: number;
  readonly timeoutMs: number;
  readonly recipients: RecipientPlan;
  readonly messages: ScriptMessages;
}

/** The plan of one k6 process. */
export interface ScriptPlan {
  readonly chance: ChanceKey;
  /** Where mail is handed over: `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly api: HttpApi;
  /** An API key; absent: none is asked for. */
  readonly key?: string;
  readonly loads: readonly ScriptLoad[];
  /** The folder of the users' scripts, which what they `open()` is seen from. Absent: there are none. */
  readonly base?: string;
  /**
   * Where setup() says that the virtual users are there, and is told when the load begins (control.ts). Absent: nobody
   * waits, as where k6's operator starts the processes together.
   */
  readonly control?: string;
  /** Where handleSummary() puts k6's own summary. */
  readonly summary: string;
}

/** What setup() posts to the control address when all virtual users are there. */
export interface ReadyNote {
  /** `options.thresholds` of the user's script, as written; {} if there is none. */
  readonly thresholds: Readonly<Record<string, unknown>>;
}

/** What it is answered when the load may begin. */
export interface StartNote {
  /** Unix time in milliseconds at which the load begins. */
  readonly startAtMs: number;
}

/** The metric by which the script tells of each injection: a trend, its value the request's duration in milliseconds. */
export const INJECTION_METRIC = 'windtunnel_injection';

/** The key of the metadata that a sample of it carries: an InjectionNote as text, by `noteText` and `noteOf`. */
export const INJECTION_METADATA = 'injection';

/**
 * The counter by which a script tells of its thresholds where there is nobody whom it could post a ReadyNote (`control`): one
 * sample, before all others, whose metadata has ReadyNote.thresholds as JSON.
 */
export const THRESHOLDS_METRIC = 'windtunnel_thresholds';

/** The key of that metadata. */
export const THRESHOLDS_METADATA = 'thresholds';

/** What became of an injection. */
export interface InjectionNote {
  /** The message's number. */
  readonly message: number;
  /** Unix time in milliseconds when the request was sent. */
  readonly sentAtMs: number;
  readonly state: 'confirmed' | 'unconfirmed' | 'refused';
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  readonly refusedSlots: readonly number[];
}

/** `17 1764359000123 confirmed 200 0,2` */
export function noteText({ message, sentAtMs, state, status, refusedSlots }: InjectionNote): string {
  return `${message} ${sentAtMs} ${state} ${status} ${refusedSlots.join(',')}`;
}

/** Reads what noteText wrote; undefined if it is something else. */
export function noteOf(text: string): InjectionNote | undefined {
  const match = /^(\d{1,10}) (\d{1,16}(?:\.\d+)?) (confirmed|unconfirmed|refused) (\d{1,3}) ([\d,]*)$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, message, sentAt, state, status, slots = ''] = match;
  return {
    message: Number(message),
    sentAtMs: Number(sentAt),
    state: state as InjectionNote['state'],
    status: Number(status),
    refusedSlots: slots === '' ? [] : slots.split(',').map(Number),
  };
}
