/** The table of an ISP's replies in its README. */
import { MARKS, type Mark, type Reply, replyInShort } from '../../fakes/isp/replies.ts';
import { STAGES } from '../../src/record/attempt-log.ts';

const HEAD = [
  'id',
  'stage',
  'code',
  'enhanced',
  'first words',
  'closes',
  'class',
  'source',
  'mark',
  'wire',
  'note',
];

/** A Markdown table with a row for each reply, and a line that counts them. */
export function replyTable(replies: readonly Reply[]): string {
  const rows = replies.map((reply) => [
    reply.id,
    stagesOf(reply),
    String(reply.code),
    reply.enhanced ?? '',
    words(reply),
    closes(reply),
    reply.class,
    reply.source,
    reply.mark,
    reply.wire,
    [reply.legacy && 'legacy', reply.bounce && 'in a bounce', reply.note].filter(Boolean).join('; '),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [
    `${replies.length} replies: ${count(replies, (r) => r.mark)}. On the wire: ${count(replies, (r) => r.wire)}.`,
    '',
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...rows.map(line),
    '',
  ].join('\n');
}

function stagesOf({ stage, stages }: Reply): string {
  return stages.length === STAGES.length ? `${stage}, any` : stages.join(', ');
}

/** The first words without the codes, which have columns of their own. */
function words(reply: Reply): string {
  const { code, enhanced } = reply;
  const codes = enhanced === null ? `${code}` : `${code} ${enhanced}`;
  return `\`${replyInShort(reply, codes.length + 60)
    .slice(codes.length)
    .trim()}\``;
}

function closes({ closes, closing }: Reply): string {
  if (!closes) return 'no';
  return closing === 'assumed' ? 'yes (assumed)' : 'yes';
}

function count(replies: readonly Reply[], of: (reply: Reply) => Mark): string {
  return MARKS.map((name) => `${replies.filter((reply) => of(reply) === name).length} ${name}`).join(', ');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
