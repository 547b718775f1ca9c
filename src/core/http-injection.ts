/**
 * What the HTTP front doors of MTAs take and answer: one message a request. Pure, and free of Node, since k6 runs it too
 * (driver/k6/script). Sources stand at each form.
 */

/** The forms, by the names that scenarios use. */
export const HTTP_APIS = ['kumomta', 'sparkpost', 'powermta'] as const;
export type HttpApi = (typeof HTTP_APIS)[number];

/** Where an MTA takes mail in over HTTP. */
export interface HttpEndpoint {
  readonly address: string;
  readonly port: number;
  readonly api: HttpApi;
  /** What requests show to be let in: an API key. Absent: nobody asks. */
  readonly key?: string;
}

/** A message on its way in: an envelope, and a whole message as it would follow DATA, not dot-stuffed. */
export interface HttpMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** RFC 5322, lines ending in CRLF; ASCII. */
  readonly content: string;
}

/** A request, ready to be sent with POST. */
export interface InjectionRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** What an answer says of a message. Recipients by their slots: their places in the request. */
export type InjectionAnswer =
  | { readonly state: 'confirmed'; readonly refusedSlots: readonly number[] }
  | { readonly state: 'refused' };
