import { formatCount, formatShare } from '../../numbers.ts';
import type { AuthenticationSummary, IspSummary } from '../../summary.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';

/** What each ISP found when it authenticated the senders; undefined where none did. */
export function authenticationTable(isps: readonly IspSummary[]): Markup | undefined {
  const looking = isps.flatMap(({ name, authentication }) =>
    authentication ? [{ name, ...authentication }] : [],
  );
  if (looking.length === 0) return undefined;
  const number = true as const;
  return html`${table(
    'Authentication by ISP',
    [
      { head: 'ISP' },
      { head: 'it looks at' },
      { head: 'looked at', number },
      { head: 'nothing wrong', number },
      { head: 'could not be judged', number },
      { head: 'faults by the ISP’s rule' },
    ],
    looking.map(({ name, check, checked, passed, unread, byRule }) => [
      name,
      CHECKS[check],
      formatCount(checked),
      html`${formatCount(passed)} <small>${formatShare(passed, checked)}</small>`,
      formatCount(unread),
      faults(byRule),
    ]),
  )}
<p class="fine">SPF, DKIM, DMARC, reverse DNS and headers. An ISP that looks at a sample only counts; one that looks at every message does what its rules say.</p>`;
}

const CHECKS: Readonly<Record<AuthenticationSummary['check'], string>> = {
  every: 'every message',
  sampled: 'a sample',
};

function faults(byRule: AuthenticationSummary['byRule']): string {
  const found = Object.entries(byRule).filter(([, count]) => count > 0);
  return found.length === 0
    ? 'none'
    : found.map(([rule, count]) => `${rule} × ${formatCount(count)}`).join(', ');
}
