/** What the report needs to know of a plan, and the plan's half of reading records. */
import { cpus, totalmem } from 'node:os';
import { createRenderer } from '../../../fakes/isp/render.ts';
import { phaseAt } from '../../analysis/phases.ts';
import { envelopeSender, recipientAddress } from '../../core/identity.ts';
import { createPrng } from '../../core/prng.ts';
import { nodeVersion, platform } from '../../core/process.ts';
import { meanBytes } from '../../driver/message.ts';
import { createRecipients } from '../../driver/recipients.ts';
import { loadOfMessage, type RunModel } from '../../record/run-model.ts';
import type { ReplyFacts, ReportInput } from '../../report/input.ts';
import type { Machine, MtaFacts } from '../../report/summary.ts';
import { describeLoad } from '../../scenario/load-plan.ts';
import type { Plan } from '../../scenario/plan.ts';
import { spreadPlan } from '../../scenario/spread-plan.ts';
import { ispProcessNames } from '../isps/processes.ts';
import type { RunRequest } from '../messages.ts';
import { driverProcessesOf, ispProcessesOf, k6ProcessesOf } from '../wiring.ts';
import { workerNames } from '../worker-names.ts';
import { runId } from './group-folder.ts';
import { scalesOf } from './reputation-input.ts';

/** The model by which a plan's records are read. */
export function modelOf(plan: Plan): RunModel {
  const prng = createPrng(plan.seed);
  return {
    loads: plan.loads.map(({ name, messages, recipients }) => ({
      name,
      messages,
      firstMessage: recipients.firstMessage,
      firstRecipient: recipients.firstMailbox,
      recipientsPerMessage: recipients.perMessage,
      ...(recipients.repeatAfter !== undefined && { repeatAfter: recipients.repeatAfter }),
      ispOf: createRecipients(recipients, prng).isp,
    })),
    vmtas: plan.sources.map(({ vmta }) => plan.sources.findIndex((source) => source.vmta === vmta)),
    phaseOf: (at) => phaseAt(plan.phases, at),
  };
}

/** The addresses of a plan's recipients, by message and slot; '' where there is no such recipient. */
export function addressesOf(plan: Plan): (message: number, slot: number) => string {
  const prng = createPrng(plan.seed);
  const loads = plan.loads.map(({ messages, recipients }) => ({
    firstMessage: recipients.firstMessage,
    messages,
    slots: recipients.perMessage,
    of: createRecipients(recipients, prng),
  }));
  return (message, slot) => {
    const load = loadOfMessage(loads, message);
    return load && slot < load.slots ? load.of.address(message, slot) : '';
  };
}

/**
 * All replies of a plan's ISPs in one list; a record's reply is a place in it. The wording is an example: what the
 * first source would be told about the first recipient.
 */
export function replyTable(plan: Plan, startedAt: string): ReplyFacts[] {
  const prng = createPrng(plan.seed);
  const [source] = plan.sources;
  const sender = envelopeSender(0, plan.senders[0]?.domain ?? 'sender.test');
  return plan.isps.flatMap(({ resolved }, isp) => {
    const render = createRenderer(resolved, prng, () => new Date(startedAt), new Set());
    const recipient = recipientAddress(0, 0, resolved.domains[0] ?? 'invalid');
    return resolved.replies.map((reply, index) => ({
      isp,
      id: reply.id,
      stage: reply.stage,
      code: reply.code,
      enhanced: reply.enhanced,
      class: reply.class,
      text: render(index, {
        ip: source?.address ?? '198.18.128.1',
        helo: source?.helo ?? 'mta.sender.test',
        sender,
        recipient,
        messageId: `<0@${sender.slice(sender.indexOf('@') + 1)}>`,
        bytes: plan.loads[0] ? Math.round(meanBytes(plan.loads[0].message)) : 0,
        connection: 1,
        transaction: 1,
        ids: {},
      }).lines,
      source: reply.source,
      mark: reply.mark,
    }));
  });
}

/** Puts together what a report says beside the records. */
export function reportInput(
  { plan, lab, command, version, startedAt, folder, warnings, baseline, k6 }: RunRequest,
  mta: MtaFacts,
  evidence: ReportInput['evidence'],
): ReportInput {
  const returning = plan.isps.flatMap(({ resolved }) => (resolved.feedback ? [resolved.id] : []));
  return {
    run: {
      id: runId(folder),
      scenario: plan.name,
      file: plan.file,
      question: plan.question,
      seed: plan.seed,
      startedAt,
      loadSeconds: plan.duration / 1e6,
      command,
      version,
      lab,
      clockScale: plan.clockScale,
    },
    machine: thisMachine(),
    mta,
    isps: plan.isps.map(({ resolved }) => ({ id: resolved.id, name: resolved.name })),
    sources: plan.sources.map((s) => s.address),
    senders: plan.senders.map(({ domain }) => domain),
    scales: scalesOf(plan),
    ...(plan.adapter !== 'none' && { spread: spreadPlan(plan, lab === 'sealed') }),
    ...(returning.length > 0 && {
      feedback: { to: plan.feedback.to, address: plan.feedback.address, isps: returning },
    }),
    replies: replyTable(plan, startedAt),
    phases: plan.phases,
    loads: plan.loads.map((load) => ({
      name: load.name,
      text: describeLoad(load, k6?.version),
      action: load.action,
    })),
    incidents: plan.incidents,
    ...(plan.faults.length > 0 && {
      faults: plan.faults.map(({ what, label, start, end }) => ({
        kind: what.kind,
        label,
        start,
        ...(end !== undefined && { end }),
      })),
    }),
    ...(plan.capacity !== undefined && { capacity: plan.capacity }),
    thresholds: plan.thresholds,
    ...(baseline && { baseline }),
    evidence,
    workers: workerNames(
      ispProcessNames(
        ispProcessesOf(plan),
        plan.isps.map(({ resolved }) => resolved.id),
      ),
      driverProcessesOf(plan),
      k6ProcessesOf(plan).length,
    ),
    warnings,
    authentication: {},
    dialogues: [],
    mtaDied: undefined,
  };
}

function thisMachine(): Machine {
  const processors = cpus();
  return {
    cpus: processors.length,
    cpuModel: processors[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    platform,
    node: nodeVersion,
  };
}
