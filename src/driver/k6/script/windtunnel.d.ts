/**
 * The global object `windtunnel` of a k6 script that windtunnel runs (README.md, "Your own script"). For editors:
 * `/// <reference path="…/src/driver/k6/script/windtunnel.d.ts" />` on top of the script.
 */

/** A message with its number, as windtunnel makes it for the iteration. */
interface WindtunnelMessage {
  /** The number of the message in the run. */
  readonly number: number;
  /** The envelope sender, which carries the number. */
  readonly sender: string;
  /** The recipients, as many as the scenario's `message.recipients`. */
  readonly recipients: readonly string[];
  /** A whole message of the scenario's size and content (RFC 5322), lines ending in CRLF; ASCII. */
  readonly content: string;
}

/** What windtunnel adds to a script. */
interface Windtunnel {
  /**
   * To be called once, at top level, with the default export of `k6/http`. From then on every injection by `http.post`,
   * `http.request` or `http.asyncRequest` within an iteration carries the iteration's number, sender and recipients, goes to
   * the MTA under test whatever host the script names, and is recorded.
   */
  number(http: object): void;
  /** The message of the iteration, for scripts that make the request themselves. Throws outside of iterations. */
  message(): WindtunnelMessage;
}

declare var windtunnel: Windtunnel;
