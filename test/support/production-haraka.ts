/** A Haraka in production. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Haraka as its operator has configured it: nothing of windtunnel's is in these files. */
const PRODUCTION: Record<string, string> = {
  'config/me': 'mail.example\n',
  'config/smtp.ini': 'listen=0.0.0.0:2525\npublic_ip=198.18.128.1\nnodes=0\n',
  'config/connection.ini':
    '[max]\nbytes=26214400\nmime_parts=1000\nline_length=512\ndata_line_length=992\n[headers]\nmax_lines=1000\nmax_received=100\n[message]\nhelo=Hello\nclose=Bye\n[uuid]\nbanner_chars=6\ndeny_chars=0\n',
  'config/outbound.ini': 'temp_fail_intervals=5s,5s,10s\n',
  'config/plugins': 'office\n',
  'config/log.ini': '[main]\nlevel=notice\n',
  'plugins/office.js':
    'exports.hook_connect = (next, connection) => { connection.relaying = connection.remote.is_private; next(); };\n' +
    'exports.hook_get_mx = (next) => next();\n',
};

/** Writes its files. */
export function writeProduction(folder: string): void {
  for (const [name, text] of Object.entries(PRODUCTION)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
