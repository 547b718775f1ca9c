/** Mail that an ISP has accepted, for tests of what comes back. */
import type { AcceptedMessage } from '../../fakes/feedback/accepted.ts';
import type { IspObserver } from '../../fakes/isp/session.ts';

/** A signed message to one recipient, with whatever is different about it. */
export function acceptedMessage(fields: Partial<AcceptedMessage> = {}): AcceptedMessage {
  return {
    at: 0,
    source: 0,
    address: '198.18.128.1',
    helo: 'mta-1.sender.test',
    sender: 'b-1@news.sender.test',
    recipients: ['u1@gmail.com'],
    header: 'Feedback-ID: spring:customer-7:news:windtunnel\r\n',
    bytes: 2048,
    tls: true,
    dkimDomain: 'news.sender.test',
    fromDomain: 'news.sender.test',
    passed: undefined,
    ...fields,
  };
}

/** Hears everything and does nothing about it. */
export const deafObserver: IspObserver = {
  connectionOpened: () => {},
  connectionClosed: () => {},
  attempt: () => {},
  replyLost: () => {},
  transaction: () => {},
};
