/** The way back: where an ISP hands over what it returns, known once the MTA is up. */

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface ReturnPath {
  /** Takes reports and other mail by SMTP: the MTA under test, or the mailroom. */
  readonly mail: Place;
  /** The mailroom's HTTPS for List-Unsubscribe URLs, and what its certificates are signed with (PEM). */
  readonly https: Place;
  readonly caPem: string;
  /** Where complaint reports are addressed to. */
  readonly feedbackAddress: string;
}
