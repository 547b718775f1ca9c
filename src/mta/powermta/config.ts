import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { deliveryEntries } from './delivery.ts';
import { accountingEntries, categoryEntries, processorEntries } from './reports.ts';
import { submissionEntries, submissionFiles, webEntries } from './submission.ts';
import { directive, tag, write } from './syntax.ts';
import { virtualMtaEntries } from './virtual-mtas.ts';

/** Its configuration, spool and log, in its folder. */
export const CONFIG = 'config';
export const SPOOL = 'spool';
export const LOG = 'log/pmta.log';

/**
 * Every file that PowerMTA reads, as an operator would write it: what is not here is PowerMTA's default. directives.yaml says
 * where each directive is known from.
 * @throws HarnessError of kind `invalid-scenario` for what PowerMTA can't do
 */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const { folder, hostname, senderDomains, resolver, submission } = plan;
  const text = write([
    directive('host-name', hostname),
    directive('postmaster', `postmaster@${senderDomains[0] ?? hostname}`),
    directive('run-as-root', 'no'),
    directive('log-file', `${folder}/${LOG}`),
    ...(resolver === undefined ? [] : [directive('name-server', resolver)]),
    ...webEntries(plan),
    tag('spool', `${folder}/${SPOOL}`, [directive('deliver-only', 'no')]),
    ...submissionEntries(plan),
    ...virtualMtaEntries(plan),
    ...deliveryEntries(plan),
    ...processorEntries(plan),
    ...categoryEntries(),
    ...accountingEntries(plan),
  ]);
  return [{ name: CONFIG, text, secret: false }, ...submissionFiles(submission)];
}
